"""Saved cells in host RAM, within a budget of bytes."""

from dataclasses import dataclass

from sticli.daemon.engines.base import State
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.snapshot import Header


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """The state of a sequence, and what it is of."""

    header: Header
    payload: State

    @property
    def tokens(self) -> int:
        return len(self.header.tokens)


class Shelf:
    """Holds what sessions will come back for; `bytes` never passes `budget`."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.bytes = 0
        self._held: dict[Session, Saved] = {}

    def fits(self, saved: Saved) -> bool:
        return self.bytes + len(saved.payload) <= self.budget

    def put(self, session: Session, saved: Saved) -> None:
        """Hold what fits."""
        self.drop(session)
        self._held[session] = saved
        self.bytes += len(saved.payload)

    def get(self, session: Session) -> Saved | None:
        return self._held.get(session)

    def drop(self, session: Session) -> None:
        """Forget what is held of a session, if anything is."""
        saved = self._held.pop(session, None)
        if saved is not None:
            self.bytes -= len(saved.payload)

    def oldest(self) -> Session | None:
        """Whose cells go first: the least recently used, pinned ones last."""
        return min(self._held, key=lambda item: (item.pinned, item.touched), default=None)
