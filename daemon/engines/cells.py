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
        self._others = np.zeros(limit, np.int32)  # holders beyond the first
        self._stack = np.arange(limit, dtype=np.int32)

    @property
    def used(self) -> int:
        """Cells that somebody holds."""
        return self.limit - self.free

    def grow(self, held: Held, count: int) -> Held:
        """`held` and `count` cells that nobody held.

        Raises:
            Exhausted: fewer are free.
        """
        if count > self.free:
            raise Exhausted(f"{count} cells needed, {self.free} of {self.limit} free")
        self.free -= count
        return np.concatenate([held, self._stack[self.free : self.free + count]])

    def share(self, cells: Held) -> None:
        """One more sequence holds these."""
        if len(cells):
            self._others[cells] += 1

    def give(self, cells: Held) -> None:
        """One sequence fewer holds these."""
        others = self._others[cells]
        if others.any():
            self._others[cells[others > 0]] -= 1
            cells = cells[others == 0]
        self._stack[self.free : self.free + len(cells)] = cells
        self.free += len(cells)
