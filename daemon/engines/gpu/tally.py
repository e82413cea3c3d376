"""How many sequences hold each block of the pool, and how much of it: exact, shared cells once."""

from bisect import insort

import numpy as np
from numpy.typing import NDArray

from sticli.kernels.operands import CELLS

Numbers = NDArray[np.int32]
Table = NDArray[np.int32]  # [entries, 3]: block, position of its first cell, how many cells count


class Tally:
    """Counts over `blocks` blocks. Whoever holds a block holds its first cells, few or all."""

    def __init__(self, blocks: int) -> None:
        self.used = 0  # cells that somebody holds
        self._whole = np.zeros(blocks, np.int32)  # holders of all cells of a block
        self._most = np.zeros(blocks, np.int32)  # the most that another one holds
        self._parts: dict[int, list[int]] = {}  # what the others hold, the most last

    def held(self) -> Numbers:
        """How many cells of each block somebody holds."""
        return np.where(self._whole > 0, np.int32(CELLS), self._most)

    def most(self, block: int) -> int:
        """How many cells of one block somebody holds."""
        return CELLS if self._whole[block] else int(self._most[block])

    def alone(self, block: int) -> bool:
        """Whether one sequence only holds the block."""
        return int(self._whole[block]) + len(self._parts.get(block, ())) == 1

    def hold(self, table: Table) -> None:
        """One more sequence holds these."""
        blocks, parts = _split(table)
        holders = self._whole[blocks] + 1
        self._whole[blocks] = holders
        new = blocks[holders == 1]
        self.used += CELLS * len(new) - int(self._most[new].sum())
        for block, count in parts:
            self.change(block, 0, count)

    def release(self, table: Table) -> Numbers:
        """One sequence fewer holds these; the blocks that nobody holds any more."""
        blocks, parts = _split(table)
        holders = self._whole[blocks] - 1
        self._whole[blocks] = holders
        gone = blocks[holders == 0]
        left = self._most[gone]
        self.used += int(left.sum()) - CELLS * len(gone)
        for block, count in parts:
            self.change(block, count, 0)
        free = [block for block, _ in parts if not self.most(block)]
        return np.array([*gone[left == 0].tolist(), *free], np.int32)

    def change(self, block: int, before: int, after: int) -> None:
        """A sequence that held `before` cells of a block holds `after`; 0 is none."""
        most = self.most(block)
        self._whole[block] += (after == CELLS) - (before == CELLS)
        parts = self._parts.setdefault(block, [])
        if 0 < before < CELLS:
            parts.remove(before)
        if 0 < after < CELLS:
            insort(parts, after)
        self._most[block] = parts[-1] if parts else 0
        if not parts:
            del self._parts[block]
        self.used += self.most(block) - most

    def same(self, other: "Tally") -> bool:
        """Whether both count the same."""
        arrays = ((self._whole, other._whole), (self._most, other._most))
        equal = all(np.array_equal(mine, theirs) for mine, theirs in arrays)
        return equal and (self.used, self._parts) == (other.used, other._parts)


def _split(table: Table) -> tuple[NDArray[np.intp], list[tuple[int, int]]]:
    """The blocks held whole, and the others with how many of their cells."""
    blocks = table[:, 0].astype(np.intp)
    whole = table[:, 2] == CELLS
    if whole.all():
        return blocks, []
    parts = [(int(blocks[at]), int(table[at, 2])) for at in np.flatnonzero(~whole).tolist()]
    return blocks[whole], parts
