"""The wire between front and worker: msgpack frames over a socketpair.

Text goes in, text comes out; token ids never leave the worker.
"""

import msgspec

from sticli.config import Settings
from sticli.daemon.frames import pack
from sticli.form import Form
from sticli.models.gap import USUAL
from sticli.protocol import Account


class Message(msgspec.Struct, frozen=True, tag=True):
    """Anything that crosses."""


class Start(Message, frozen=True):
    """The first message: what to load, and where snapshots and their key lie."""

    settings: Settings
    snapshots: str
    key: str


class Open(Message, frozen=True):
    """Make a session live. The journal holds `lines` lines, which make `version`.

    The worker answers Opened with the line (from 0) that it wants the journal from: the start
    of the session's window. It tokenises from there and prefills only what a snapshot does not
    hold already, so a snapshot is never more than cells for a list of token ids.
    """

    session: str
    uid: str  # identity of this incarnation of the name; part of the snapshot's
    system: str | None
    limit: int | None
    lines: int
    version: int
    on_full: str = "stop"  # a protocol.OnFull
    window_from: int = 0  # where the window began when the front last heard of it
    tenant: str = ""  # whose cells it may share
    pinned: bool = False


class Keep(Message, frozen=True):
    """The incarnations that exist: snapshots of any other may go."""

    uids: list[str]


class Lines(Message, frozen=True):
    """Lines `first`… (from 0) of the session's journal, which make `version`.

    None stands for a line that is not read: it was dropped, and another one says so.
    """

    session: str
    first: int
    version: int
    texts: list[str | None]


class Close(Message, frozen=True):
    """Forget a session, its cells, questions and snapshots."""

    session: str


class Ask(Message, frozen=True):
    id: int
    session: str
    question: str
    max_tokens: int
    min_version: int
    form: Form | None = None
    at: tuple[int, int] | None = None  # (version, lines): see the first `lines` lines only
    decision: str = ""  # id of the flash question that this is: its prepared state serves
    pieces: bool = True  # whether somebody reads the answer as it grows


class Cancel(Message, frozen=True):
    id: int


class AddFlash(Message, frozen=True):
    session: str
    id: str
    question: str
    max_tokens: int
    debounce_ms: int
    form: Form | None = None
    gap: float = USUAL  # of a decision, that is a question with choices
    born: float = 0.0  # when it was registered: tells those apart that had one id in turn


class RemoveFlash(Message, frozen=True):
    session: str
    id: str


class Pin(Message, frozen=True):
    """Whether a session is the last to leave the device."""

    session: str
    pinned: bool


class Explain(Message, frozen=True):
    """Answered by Explained, or by Failed."""

    id: int
    session: str


class Stop(Message, frozen=True):
    """Snapshot every session, answer Stopped, exit; with `rest` once there is nothing to do, and
    only if nothing else to do comes first."""

    rest: bool = False


class Beat(Message, frozen=True):
    """Is the worker there, and through with all that came before? Answered by the same."""

    number: int = 0


class Loading(Message, frozen=True):
    """How far the model is: bytes of its weights, then how many of its kernels."""

    done: int
    total: int
    what: str  # weights | kernels


class Ready(Message, frozen=True):
    """The model is loaded."""

    path: str
    name: str
    sha256: str
    engine: str
    context: int
    vocabulary: int
    cells: int
    detail: dict[str, str]
    gap: float = USUAL  # of decisions of which nobody says one


class Opened(Message, frozen=True):
    """The session wants the journal's lines from `lines` (from 0) on."""

    session: str
    lines: int
    limit: int
    uid: str = ""  # of the bearer of the name that all that follows is about


class Restored(Message, frozen=True):
    """Every line that the journal held at Open is in the cache; `note` says how it got there."""

    session: str
    tokens: int
    note: str


class Settled(Message, frozen=True):
    """The first `lines` lines of the journal, hence all of `version`, are in the cache."""

    session: str
    lines: int
    version: int
    tokens: int
    window_from: int  # lines before it (from 0) are no longer in the context
    left_out: int = 0  # lines too long for any window, since the worker started


class Full(Message, frozen=True):
    """Line `lines` (from 0) does not fit the context; it and what follows stay in the journal."""

    session: str
    lines: int
    tokens: int
    limit: int


class Moved(Message, frozen=True):
    """A session's cells went to another rung of the memory ladder."""

    session: str
    place: str  # device | host | disk | journal
    tokens: int  # that moved; the rest has to be computed anew
    reason: str


class Waits(Message, frozen=True):
    """What an ask waits for; said once a reason, and again as a restore goes on."""

    id: int
    state: str  # restoring | queued
    message: str


class Piece(Message, frozen=True):
    id: int
    text: str


class Done(Message, frozen=True):
    """A question is answered; `text` is the whole answer. Times are in seconds."""

    id: int
    text: str
    version: int
    lines: int  # that it saw: all of `version`, and maybe some of the next
    window_from: int
    confidence: float
    cached_tokens: int
    new_tokens: int
    completion_tokens: int
    first_token_s: float
    total_s: float
    finish_reason: str
    drafted: int = 0
    accepted: int = 0


class Failed(Message, frozen=True):
    """A question, or (with id 0) a session, that cannot be served."""

    id: int
    session: str
    code: str
    message: str
    hint: str
    uid: str = ""  # of the session


class Evaluated(Message, frozen=True):
    """A flash question was answered at `version`."""

    session: str
    id: str
    text: str
    version: int
    lines: int  # that it saw: all of `version`, and maybe some of the next
    window_from: int
    confidence: float
    cached_tokens: int
    new_tokens: int
    completion_tokens: int
    device_s: float
    finish_reason: str
    source: str = "flash"  # flash | ready | below: a decision whose lead is less than its gap,
    # so `text` is no answer yet, and an ask decodes one from the prepared state
    born: float = 0.0  # of the question


class Explained(Message, frozen=True):
    id: int
    account: Account


class Usage(Message, frozen=True):
    """Sent when work ends and at most four times a second while it lasts."""

    cells_reserved: int
    cells_used: int
    counters: dict[str, float]


class Stopped(Message, frozen=True):
    pass


_OfQuestions = Ask | Cancel | AddFlash | RemoveFlash
Inbound = Start | Keep | Open | Lines | Close | _OfQuestions | Pin | Explain | Beat | Stop
_OfSessions = Opened | Restored | Settled | Full | Moved
_OfAsks = Waits | Piece | Done | Failed | Evaluated | Explained
Outbound = Loading | Ready | _OfSessions | _OfAsks | Usage | Beat | Stopped

_encoder = msgspec.msgpack.Encoder()
decode_inbound = msgspec.msgpack.Decoder(Inbound).decode
decode_outbound = msgspec.msgpack.Decoder(Outbound).decode


def frame(message: Message) -> bytes:
    """The message as it crosses."""
    return pack(_encoder.encode(message))
