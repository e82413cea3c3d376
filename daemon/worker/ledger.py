"""What became of a session's tokens, counted since the worker knows it; `explain` tells it."""

from collections import deque
from dataclasses import dataclass, field

from sticli.account import Move

KEPT = 20  # moves, and notes, that are remembered


@dataclass(slots=True, eq=False)
class Ledger:
    """Counts of tokens, and the newest moves and notes."""

    computed: int = 0
    restored: int = 0  # from host RAM or disk
    shared: int = 0  # copied from another session of the tenant
    shared_from: str = ""
    rebases: int = 0
    drafted: int = 0
    accepted: int = 0
    moves: deque[Move] = field(default_factory=lambda: deque(maxlen=KEPT))
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    def note(self, text: str) -> None:
        """Remember a sentence; one that is said again moves to the end."""
        if text in self.notes:
            self.notes.remove(text)
        self.notes.append(text)
