"""The wire between clients and the daemon: every request, answer and event, as JSON over HTTP.

Lists (GET sessions, flash) are bare JSON arrays; POST sessions answers Session, POST flash answers
Flash; DELETE and POST /v1/stop answer `{}`. GET lines is NDJSON of Line (`from` counts from 1).
An ask with `stream` is SSE: `progress` {"state", "message"}, `piece` {"text"}, then one `answer`
(Answer) or `error` (Failure). Events are SSE, or NDJSON with `Accept: application/x-ndjson`.
"""

from enum import StrEnum

import msgspec

from sticli.errors import SticliError

PROTOCOL = 1
SCHEMA = 1

MAX_BODY = 8 << 20  # bytes of one request
MAX_LINE = 64 << 10  # bytes of one line; `append` splits longer ones
MAX_FLASH = 64  # flash questions a session
MAX_SESSIONS = 256
NAME = r"^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,63}$"


class OnFull(StrEnum):
    """What a session does once its context is full."""

    REBASE = "rebase"  # go on with the newest half of its lines
    STOP = "stop"  # refuse lines


class NewSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions."""

    name: str
    system: str | None = None  # instructions ahead of the data; None: the default text
    limit: int | None = None  # cells of context; None: the configured size
    on_full: OnFull = OnFull.REBASE


class Append(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions/{s}/lines: a batch that a retry may repeat safely."""

    lines: list[str]  # without their newline
    producer: str = ""  # empty: no retry protection
    first_seq: int = 0  # the producer's own number of lines[0], from 0


class Accepted(msgspec.Struct, frozen=True):
    """The journal holds the batch."""

    accepted_seq: int  # the producer's next number
    lines: int  # lines of the session in the journal
    version: int  # the version that these lines make
    settled: int  # the version that has settled in the cache
    pending: int  # lines accepted and not settled yet


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions/{s}/ask."""

    question: str
    max_tokens: int = 64
    live: bool = False  # never answer from a flash question
    max_age: float | None = None  # seconds: accept a flash answer up to this old
    min_version: int | None = None  # wait until this version has settled
    stream: bool = False  # server-sent events: piece…, answer


class Answer(msgspec.Struct, frozen=True):
    """What `ask` returns; `schema_version` guards scripts that read it."""

    session: str
    question: str
    answer: str
    source: str  # flash | live
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
    schema_version: int = SCHEMA


class NewFlash(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /v1/sessions/{s}/flash."""

    question: str
    id: str | None = None
    max_tokens: int = 32
    debounce_ms: int = 200
    exec: list[str] | None = None  # run on a changed answer, which it reads as JSON on stdin


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
    schema_version: int = SCHEMA


class Session(msgspec.Struct, frozen=True):
    """A session as `ps` and `show` print it."""

    name: str
    state: str  # opening | live | full | waiting (worker down)
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
    schema_version: int = SCHEMA


class Line(msgspec.Struct, frozen=True):
    """One journalled line, as `log --json` prints it."""

    seq: int  # from 1
    version: int
    at: float
    text: str


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
    worker: str  # starting | ready | backoff | stopped (crash loop)
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
    schema_version: int = SCHEMA


class Event(msgspec.Struct, frozen=True):
    """One event of GET /v1/events; `id` grows, `type` says what `data` holds.

    Types: connected, settled, answer, session, worker, full, stale, heartbeat.
    """

    id: int
    type: str
    session: str
    at: float
    data: dict[str, object]


class Failure(msgspec.Struct, frozen=True):
    error: Problem
