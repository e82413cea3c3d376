"""Where a question leaves its session: now, or as it was."""

from dataclasses import dataclass

from sticli.daemon.worker.sessions import Session


@dataclass(frozen=True, slots=True)
class Point:
    """The first `lines` lines of the journal, of which the window holds so many tokens."""

    length: int
    lines: int
    version: int

    @classmethod
    def now(cls, session: Session) -> "Point":
        """The newest line that is whole in the cache."""
        return cls(session.settled, session.lines, session.version)

    @classmethod
    def of(cls, session: Session, at: tuple[int, int] | None) -> "Point":
        """A past version and its lines, which the window still holds; None: now."""
        if at is None:
            return cls.now(session)
        version, lines = at
        return cls(session.transcript.until(lines), lines, version)
