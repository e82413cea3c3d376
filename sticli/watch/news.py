"""What a dashboard hears, and from whom: plain values, so that a script can say them too."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sticli.client import Client
from sticli.errors import SticliError
from sticli.protocol import Event, Flash, Line, Session, Status

LINES = 2_000  # that a snapshot holds at most


@dataclass(frozen=True)
class Device:
    """Readings of the machine that computes; None where nothing measures it."""

    name: str = ""  # of the GPU, or of the CPU
    gpu: bool = False  # which of the two
    busy: float | None = None  # share of it that worked of late, 0 to 1
    memory: int | None = None  # bytes in use
    memory_total: int | None = None
    watts: float | None = None
    worker_cpu: float | None = None  # cores' worth of CPU time that front and worker take
    worker_memory: int | None = None  # bytes of RAM that they hold


@dataclass(frozen=True)
class Snapshot:
    """The daemon at one moment. Questions and lines are those of the chosen session."""

    at: float  # seconds since the epoch, when the look began
    status: Status
    sessions: list[Session]
    chosen: str | None = None
    flashes: list[Flash] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)  # only what the last snapshot did not hold
    skipped: int = 0  # lines between that one and these: more came than anyone can look at
    device: Device = Device()


@dataclass(frozen=True)
class Lost:
    """There is no daemon to hear from; it is looked for again and again."""

    at: float
    error: SticliError


News = Snapshot | Event | Lost


class Source(Protocol):
    """Where news come from. No call waits, except `client` for a handshake."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def take(self) -> list[News]:
        """What is new since the last look, oldest first; bounded, however late the look."""
        ...

    def choose(self, session: str | None) -> None:
        """Whose questions and lines the snapshots hold; the next one begins with its last lines."""
        ...

    def refresh(self) -> None:
        """Ask for a snapshot now: the person has changed something."""
        ...

    def client(self) -> Client:
        """A connection of one's own, for what the person does; not for two threads at once.

        Raises:
            SticliError: unreachable, version_mismatch, permission, timeout.
        """
        ...


def anew(known: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether lines do not go on behind those that are known: their numbers begin anew."""
    return bool(known and lines and lines[0].seq <= known[-1].seq)
