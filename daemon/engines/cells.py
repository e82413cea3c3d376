"""Which cells of a family are filled and how many sequences hold each: exact, shared ones once."""

import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.base import Exhausted

Held = NDArray[np.int32]  # the cells of one sequence, in order


class Cells:
    """Reference counts of up to `limit` cells."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.free = limit  # cells that nobody holds: the first of `_stack`
        self._holders = np.zeros(limit, np.int32)
        self._stack = np.arange(limit, dtype=np.int32)

    @property
    def used(self) -> int:
        """Cells that somebody holds."""
        return self.limit - self.free

    def take(self, count: int) -> Held:
        """`count` cells that nobody held.

        Raises:
            Exhausted: fewer are free.
        """
        if count > self.free:
            raise Exhausted(f"{count} cells needed, {self.free} of {self.limit} free")
        self.free -= count
        cells = self._stack[self.free : self.free + count].copy()
        self._holders[cells] = 1
        return cells

    def share(self, cells: Held) -> None:
        """One more sequence holds these."""
        self._holders[cells] += 1

    def give(self, cells: Held) -> None:
        """One sequence fewer holds these."""
        self._holders[cells] -= 1
        freed = cells[self._holders[cells] == 0]
        self._stack[self.free : self.free + len(freed)] = freed
        self.free += len(freed)
