"""Where the tokens of one sequence lie: a table of blocks, of each the first few cells."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.gpu.tally import Table, Tally
from sticli.kernels.operands import CELLS

Slots = NDArray[np.int64]  # cells, counted through all blocks of the pool
NOTHING: Table = np.zeros((0, 3), np.int32)


@dataclass(slots=True, eq=False)
class Family:
    """Sequences that share up to `limit` cells."""

    limit: int
    tally: Tally
    members: int = 0

    @property
    def free(self) -> int:
        """Cells that they may still fill."""
        return self.limit - self.tally.used


class Sequence:
    """Positions are dense: an entry begins where the one before it ends."""

    def __init__(self, number: int, family: Family, table: Table) -> None:
        self.number = number
        self.family = family
        self._room = table  # its own; longer than what counts, so that it grows seldom
        self._entries = len(table)

    @property
    def table(self) -> Table:
        """The entries, [entries, 3]: a view that the next change outdates."""
        return self._room[: self._entries]

    @property
    def last(self) -> tuple[int, int, int]:
        """Block, first position and cells of the last entry; of none at all if it is empty."""
        if not self._entries:
            return -1, 0, 0
        block, first, count = self._room[self._entries - 1].tolist()
        return block, first, count

    @property
    def length(self) -> int:
        """Tokens in the sequence."""
        _, first, count = self.last
        return first + count

    def first(self, length: int) -> Table:
        """The entries of the first `length` tokens: a copy."""
        count = int(np.searchsorted(self.table[:, 1], length))
        table = self._room[:count].copy()
        if count:
            table[-1, 2] = min(table[-1, 2], length - table[-1, 1])
        return table

    def replace(self, kept: int, table: Table) -> None:
        """Put other entries behind the first `kept` ones."""
        total = kept + len(table)
        if total > len(self._room):
            room = np.zeros((2 * total, 3), np.int32)
            room[:kept] = self._room[:kept]
            self._room = room
        self._room[kept:total] = table
        self._entries = total

    def fill(self, count: int) -> None:
        """The last entry counts so many cells."""
        self._room[self._entries - 1, 2] = count

    def slots(self, start: int, stop: int) -> NDArray[np.int64]:
        """The cells of tokens `start` to `stop`, counted through all blocks of the pool."""
        table = self.table.astype(np.int64)
        ends = table[:, 1] + table[:, 2]
        entries = np.arange(
            np.searchsorted(ends, start, "right"), np.searchsorted(table[:, 1], stop)
        )
        low = np.maximum(table[entries, 1], start)
        counts = np.minimum(ends[entries], stop) - low
        shift = table[entries, 0] * CELLS - table[entries, 1]  # from a position to its slot
        return np.repeat(shift, counts) + np.arange(start, stop)
