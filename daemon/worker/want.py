"""A session's want for a place on the device, and how urgent it is."""

from dataclasses import dataclass, field

from sticli.daemon.worker.sessions import Session

NOTHING, FLASH, LINES, ASK = range(4)  # what a session has to do, by urgency


@dataclass(slots=True)
class Want:
    """A session that waits for a place; those that leave for it start no new questions."""

    session: Session
    level: int = NOTHING
    since: float = 0.0  # when it began to wait for lines, seconds of the loop's clock
    insists: bool = False  # asks have kept its lines out for too long: it counts as one of them
    leavers: list[Session] = field(default_factory=list)

    @property
    def urgency(self) -> int:
        """The level among the others that wait."""
        return ASK if self.insists else self.level

    @property
    def calls(self) -> bool:
        """Whether others, on which asks run, have to leave for it."""
        return self.urgency == ASK

    def late(self, now: float, stay: float) -> bool:
        """Whether lines are what it wants, and they wait for `stay` seconds or more."""
        return self.level == LINES and now - self.since >= stay

    def raise_to(self, level: int, now: float) -> None:
        """It has work of this level, at least."""
        self.set(max(level, self.level), now)

    def set(self, level: int, now: float) -> None:
        """It has work of this level."""
        if self.level < LINES <= level:
            self.since = now
        self.level = level
        self.insists &= level >= LINES
