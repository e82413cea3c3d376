"""What the store keeps, as plain values: the rows of its tables."""

from typing import Any

import msgspec

from sticli.form import Form


class SessionRecord(msgspec.Struct, frozen=True):
    """A session; `uid` is new at each creation, so a name used again never meets old data."""

    uid: str
    name: str
    system: str | None
    cells: int | None  # the limit asked for
    created: float
    last_used: float
    lines: int = 0
    version: int = 0
    on_full: str = "stop"
    window_from: int = 0  # from 0; may lag behind what the worker knows, never ahead
    tenant: str = ""
    source: str | None = None  # what it was forked from, as NAME@VERSION
    pinned: bool = False


class Moment(msgspec.Struct, frozen=True):
    """A session as it was when it had just these lines."""

    version: int
    lines: int


class Batch(msgspec.Struct, frozen=True):
    """Lines `first`… (from 0) of a session that came together, hence of one version and time."""

    first: int
    version: int
    at: float
    texts: list[str]

    @property
    def end(self) -> int:
        return self.first + len(self.texts)


class Drop(msgspec.Struct, frozen=True):
    """Lines `first`… (from 0) of a session that are not read; a marker says that it is `told`."""

    first: int
    count: int
    told: int

    @property
    def end(self) -> int:
        return self.first + self.count


class Appended(msgspec.Struct, frozen=True):
    """What the journal holds after an append; `batch` is what was new of it."""

    next_seq: int
    lines: int
    version: int
    batch: Batch | None


class QuestionRecord(msgspec.Struct, frozen=True):
    """A flash question."""

    session: str  # uid
    id: str
    question: str
    max_tokens: int
    debounce_ms: int
    exec: list[str] | None
    created: float
    form: Form | None = None
    gap: float | None = None  # None: as the model says


class AnswerRecord(msgspec.Struct, frozen=True):
    """The newest answer of a flash question."""

    session: str  # uid
    id: str
    value: str
    version: int
    lines: int  # that it saw
    model: str  # sha256
    window_from: int  # from 0
    confidence: float
    evaluated_at: float
    device_ms: float
    evaluations: int
    cached_tokens: int
    new_tokens: int
    completion_tokens: int
    finish_reason: str
    source: str = "flash"  # flash | ready


class News(msgspec.Struct, frozen=True):
    """An event that has no id yet."""

    type: str
    session: str  # name
    at: float
    data: dict[str, Any]
