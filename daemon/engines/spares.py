"""Forks that ended, kept for the next fork of the same sequence.

llama.cpp marks a fork in every cell that it shares. Who goes on with an earlier fork marks only
the cells that came since, so that a question costs nothing for all that it is about.
"""

MOST = 8  # kept at once: llama.cpp spends some 50 bytes a cell on each


class Spares:
    """Which forks hold only the first cells of their parent, by slots; cells are the family's."""

    def __init__(self) -> None:
        self._origins: dict[int, tuple[int, int]] = {}  # parent, and how many of its cells
        self._kept: list[int] = []

    def __len__(self) -> int:
        return len(self._kept)

    def born(self, slot: int, parent: int, length: int) -> None:
        """`slot` begins with the first `length` cells of `parent`."""
        self._origins[slot] = parent, length

    def keep(self, slot: int) -> int | None:
        """Keep a fork that ended, cut to the length that is returned; None: it is of no use."""
        if slot not in self._origins or len(self._kept) >= MOST:
            return None
        self._kept.append(slot)
        return self._origins[slot][1]

    def take(self, parent: int) -> int | None:
        """A kept fork of `parent`, the newest; None: there is none."""
        found = (slot for slot in reversed(self._kept) if self._origins[slot][0] == parent)
        if (slot := next(found, None)) is not None:
            self._kept.remove(slot)
        return slot

    def oldest(self) -> int | None:
        """The fork that was kept first."""
        return self._kept[0] if self._kept else None

    def cut(self, slot: int, length: int) -> list[int]:
        """`slot` ends at `length` now; returns the kept forks of it: they must be forgotten."""
        if slot in self._origins:
            parent, shared = self._origins[slot]
            self._origins[slot] = parent, min(shared, length)
        forks = [fork for fork, (parent, _) in self._origins.items() if parent == slot]
        kept = [fork for fork in forks if fork in self._kept]
        for fork in forks:
            if fork not in kept:  # it runs, and may hold what its parent no longer does
                del self._origins[fork]
        return kept

    def forget(self, slot: int) -> None:
        """The slot is free."""
        self._origins.pop(slot, None)
        if slot in self._kept:
            self._kept.remove(slot)
