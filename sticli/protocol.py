"""The wire between clients and the daemon: every request, answer and event, as JSON over HTTP.

Lists (GET sessions, flash, feeds) are bare JSON arrays; POST sessions, POST fork and PUT pin answer
Session, POST flash answers Flash, GET explain Account; DELETE and POST /v1/stop answer `{}`.
GET lines is NDJSON of Line (`from` counts from 1).
An ask with `stream` is SSE: `progress` {"state", "message"}, `piece` {"text"}, then one `answer`
(Answer) or `error` (Failure). Events are SSE, or NDJSON with `Accept: application/x-ndjson`.
"""

from enum import StrEnum

import msgspec

from sticli.account import Account as Account
from sticli.account import Move as Move
from sticli.errors import SticliError
from sticli.feed import MAX_DESCRIPTION as MAX_DESCRIPTION
from sticli.feed import MAX_POSITION as MAX_POSITION
from sticli.feed import Feed as Feed
from sticli.feed import NewFeed as NewFeed
from sticli.form import Form
from sticli.schema import SCHEMA as SCHEMA

PROTOCOL = 3

MAX_BODY = 8 << 20  # bytes of one request
MAX_LINE = 64 << 10  # bytes of one line; `append` splits longer ones
MAX_FLASH = 64  # flash questions a session
MAX_SESSIONS = 256
NAME = r"^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,63}$"


class OnFull(StrEnum):
    """What a session does once its context is full."""

    REBASE = "rebase"  # go on with the newest half of its lines, exactly
    SLIDE = "slide"  # drop the oldest cells and move the others up: cheap, not exact
    STOP = "stop"  # refuse lines


class OnBusy(StrEnum):
    """What an append does while more is pending than its session may have."""

    WAIT = "wait"  # the reply is held back, so that the pipe fills
    DROP_OLDEST = "drop-oldest"  # the oldest lines that the worker has not got are not read


class At(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A moment in a session's life: exactly one of these is given."""

    version: int | None = None
    time: float | None = None  # seconds since the epoch: the newest version not after it


class NewSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions."""

    name: str
    system: str | None = None  # instructions ahead of the data; None: the default text
    limit: int | None = None  # cells of context; None: the configured size
    on_full: OnFull | None = None  # None: rebase
    tenant: str | None = None  # sessions of one label may share cells; None: no label
    source: str | None = None  # a session whose lines it begins with: a fork; None takes from it
    at: At | None = None  # the source as it was then; None: as it is


class Fork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions/{s}/fork: a new session that begins as this one is, or was."""

    name: str
    at: At | None = None


class Append(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions/{s}/lines: a batch that a retry may repeat safely."""

    lines: list[str]  # without their newline
    producer: str = ""  # empty: no retry protection
    first_seq: int = 0  # the producer's own number of lines[0], from 0
    on_busy: OnBusy = OnBusy.WAIT
    position: str = ""  # of the producer's feed after these lines: stored with them, or neither
    run: int = 0  # of the feed, as its registration said; 0: not registered


class Accepted(msgspec.Struct, frozen=True):
    """The journal holds the batch."""

    accepted_seq: int  # the producer's next number
    lines: int  # lines of the session in the journal
    version: int  # the version that these lines make
    settled: int  # the version that has settled in the cache
    pending: int  # lines accepted and not settled yet
    pending_tokens: int = 0  # about so many tokens they are
    dropped: int = 0  # lines of the session that are not read, because too much was pending


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions/{s}/ask."""

    question: str
    max_tokens: int = 64  # of an answer that is made now; a flash answer is as long as it is
    live: bool = False  # never answer from a flash question
    max_age: float | None = None  # seconds: accept a flash answer up to this old
    min_version: int | None = None  # wait until this version has settled
    known: bool = False  # only an answer that is there already; without one: not_fresh
    stream: bool = False  # server-sent events: progress…, piece…, answer
    pieces: bool = True  # of a stream; without them an answer may outlive a worker
    form: Form | None = None
    at: At | None = None  # the session as it was then


class Answer(msgspec.Struct, frozen=True):
    """What `ask` returns; `schema_version` guards scripts that read it."""

    session: str
    question: str
    answer: str
    source: (
        str  # live | flash | ready (read off a decision's prepared state) | repeat (asked before)
    )
    fresh: bool
    version: int  # the version that was asked
    lines: int  # lines of the journal that it saw: all of `version`, maybe some of the next
    window_from: int  # the first line (from 1) that the context still holds
    pending: int  # lines accepted that it did not see
    confidence: float | None  # logit of the first token minus that of the runner-up
    cached_tokens: int
    new_tokens: int
    completion_tokens: int
    ttft_ms: float  # until the first token
    total_ms: float
    finish_reason: str  # stop | length
    drafted: int = 0  # tokens guessed from the session's own text
    accepted: int = 0  # of them right
    schema_version: int = SCHEMA


class NewFlash(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions/{s}/flash."""

    question: str
    id: str | None = None
    max_tokens: int = 32
    debounce_ms: int = 200
    exec: list[str] | None = None  # run on a changed answer, which it reads as JSON on stdin
    form: Form | None = None  # with choices it is a decision: prepared, and gated by `gap`
    gap: float | msgspec.UnsetType = msgspec.UNSET  # logits of lead that save the decoding


class Flash(msgspec.Struct, frozen=True):
    """A flash question and its newest answer."""

    session: str
    id: str
    question: str
    max_tokens: int
    debounce_ms: int
    exec: list[str] | None
    answer: str | None  # None: not evaluated yet
    fresh: bool
    version: int | None
    confidence: float | None
    evaluated_at: float | None  # seconds since the epoch
    device_ms: float | None
    evaluations: int
    form: Form | None = None
    gap: float = 2.0
    source: str | None = None  # of the answer: flash | ready
    lead: float | None = None  # of a decision, once prepared: logits between the likeliest tokens
    schema_version: int = SCHEMA


class Session(msgspec.Struct, frozen=True):
    """A session as `ps` and `show` print it."""

    name: str
    state: str  # opening | live | full | waiting (worker down) | asleep (as it was when it went)
    limit: int  # cells
    tokens: int  # cells in use
    lines: int  # lines in the journal
    settled_lines: int  # of them in the cache
    pending: int  # accepted, not settled
    version: int  # newest accepted
    settled: int  # newest settled
    window_from: int
    flash: int  # flash questions
    created: float
    last_used: float
    system: str | None
    on_full: str
    left_out: int  # lines too long for the window, which the model does not read
    note: str  # how it was restored, what was damaged
    refused: "Problem | None" = None  # why the worker does not serve it
    place: str = ""  # of its cells: device | host | disk | journal; empty: no worker
    pinned: bool = False
    tenant: str = ""
    source: str | None = None  # what it was forked from, as NAME@VERSION
    dropped: int = 0  # lines that are not read, because too much was pending
    pending_tokens: int = 0
    behind_since: float | None = None  # when the oldest line came that has never settled
    schema_version: int = SCHEMA


class Line(msgspec.Struct, frozen=True):
    """One journalled line, as `log --json` prints it."""

    seq: int  # from 1
    version: int
    at: float
    text: str


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /v1/sessions/{s}/pin: a pinned session is the last to leave the device."""

    pinned: bool


class Version(msgspec.Struct, frozen=True):
    """GET /v1/version: the handshake."""

    version: str
    protocol: int
    pid: int
    started: float


class Model(msgspec.Struct, frozen=True):
    """The model that the worker runs."""

    path: str
    name: str
    sha256: str
    engine: str
    context: int  # trained length, tokens
    vocabulary: int
    detail: dict[str, str]  # engine settings found by calibration, build, template kind


class Loading(msgspec.Struct, frozen=True):
    """How far the model is: bytes of its weights, then how many of its kernels."""

    done: int
    total: int
    what: str  # weights | kernels

    def __str__(self) -> str:
        return f"{self.what}: {100 * self.done // max(1, self.total)} %"


class Problem(msgspec.Struct, frozen=True):
    """The body of every refused request, under the key `error`."""

    code: str
    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: SticliError) -> "Problem":
        return cls(error.code, error.message, error.hint)


class Status(msgspec.Struct, frozen=True):
    """GET /v1/status."""

    version: Version
    worker: str  # starting | ready | backoff | stopped (crash loop) | asleep (nobody came)
    worker_pid: int | None
    restarts: int
    last_error: str
    model: Model | None
    sessions: int
    cells: int  # budget
    cells_reserved: int  # promised to live sessions
    cells_used: int  # filled
    usage: dict[str, float]  # counters of the worker: steps, device seconds by class, stalls
    counters: dict[str, int]  # counters of the front: lines, flash hits, events
    paths: dict[str, str]
    failure: Problem | None = None  # why the worker is stopped
    loading: Loading | None = None  # while the worker starts, and can tell
    given: str = ""  # the model file that the daemon was started with; empty: the settings say
    activated: bool = False  # by a service manager: the next connection starts it again
    schema_version: int = SCHEMA


class Event(msgspec.Struct, frozen=True):
    """One event of GET /v1/events; `id` grows, `type` says what `data` holds.

    Types: connected, settled, answer, session, worker, full, moved, dropped, stale, heartbeat.
    """

    id: int
    type: str
    session: str
    at: float
    data: dict[str, object]


class Failure(msgspec.Struct, frozen=True):
    error: Problem
