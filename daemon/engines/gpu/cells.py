"""The books of the pool: which blocks are free, who writes where, and what every family may fill.

A fork shares its parent's blocks up to its length and goes on in a fresh one, so nothing is ever
copied; what it leaves unused of a block is lost for as long as somebody holds that block. The pool
has spare blocks for that: 256, or an eighth of the others, bounded by half of the memory.
"""

import itertools

import numpy as np

from sticli.daemon.engines.base import Exhausted, Seq
from sticli.daemon.engines.gpu.sequence import NOTHING, Family, Sequence, Slots
from sticli.daemon.engines.gpu.tally import Numbers, Table, Tally
from sticli.kernels.operands import CELLS

SPARE = 256


def spare_blocks(cells: int) -> int:
    """How many blocks a pool of so many cells should have beyond them."""
    return max(SPARE, cells // CELLS // 8)


def within(memory: int, cell_bytes: int) -> tuple[int, int]:
    """How many cells, and spare blocks beyond them, so many bytes hold."""
    blocks = memory // (cell_bytes * CELLS)
    spare = min(max(SPARE, blocks // 9), blocks // 2)
    return (blocks - spare) * CELLS, spare


class Cells:
    """Sequences over `cells` cells and `spare` blocks more."""

    def __init__(self, cells: int, spare: int) -> None:
        self.cells = cells
        self.blocks = -(-cells // CELLS) + spare
        self.reserved = 0  # cells promised to families
        self.sequences: dict[Seq, Sequence] = {}
        self._tally = Tally(self.blocks)
        self._numbers = itertools.count(1)
        self._writers = np.zeros(self.blocks, np.int64)  # who took a block, and may fill it
        self.left = self.blocks  # blocks that nobody holds: the first of `_stack`
        self._stack = np.arange(self.blocks, dtype=np.int32)[::-1].copy()

    @property
    def used(self) -> int:
        """Cells that hold tokens, shared ones counted once."""
        return self._tally.used

    def open(self, limit: int) -> Seq:
        """A new, empty sequence of a family of up to `limit` cells.

        Raises:
            Exhausted: the budget does not hold them, or blocks are short.
        """
        return self._begin(limit, NOTHING)

    def fork(self, seq: Seq, length: int) -> Seq:
        """A sequence of the same family that shares the first `length` tokens.

        Raises:
            Exhausted: blocks are short.
        """
        parent = self.sequences[seq]
        return self._add(parent.family, parent.first(length), 0)

    def branch(self, seq: Seq, length: int, limit: int) -> Seq:
        """A sequence of a family of its own that shares the first `length` tokens.

        Raises:
            Exhausted: as for `open`, or they do not fit `limit` cells.
        """
        if length > limit:
            raise Exhausted(f"{length} tokens do not fit {limit} cells")
        return self._begin(limit, self.sequences[seq].first(length))

    def _begin(self, limit: int, table: Table) -> Seq:
        if limit < 1:
            raise ValueError(f"a sequence of {limit} cells")
        if limit > self.cells - self.reserved:
            left = self.cells - self.reserved
            raise Exhausted(f"{limit} cells asked for, {left} of {self.cells} not reserved")
        seq = self._add(Family(limit, Tally(self.blocks)), table, limit)
        self.reserved += limit
        return seq

    def _add(self, family: Family, table: Table, more: int) -> Seq:
        # Every sequence may leave one block unfilled, beyond those that families fill.
        promised = -(-(self.reserved + more) // CELLS) + len(self.sequences)
        if promised >= self.blocks:
            raise Exhausted(
                f"{self.left} of {self.blocks} blocks of {CELLS} cells are left, "
                f"{promised} are promised to {len(self.sequences)} sequences"
            )
        number = next(self._numbers)
        self._tally.hold(table)
        family.tally.hold(table)
        family.members += 1
        self.sequences[Seq(number)] = Sequence(number, family, table)
        return Seq(number)

    def blocks_for(self, seq: Seq, count: int) -> int:
        """How many fresh blocks `count` more tokens of a sequence need."""
        return -(-max(0, count - self._room(self.sequences[seq])) // CELLS)

    def _room(self, sequence: Sequence) -> int:
        """Cells of its last block that a sequence may fill: where it wrote, and nobody reads on."""
        block, _, count = sequence.last
        if not 0 < count < CELLS or self._writers[block] != sequence.number:
            return 0
        return CELLS - count if self._tally.most(block) == count else 0

    def append(self, seq: Seq, count: int) -> list[tuple[int, int]]:
        """Let a sequence grow; where its tokens go: runs of a first slot and a number of cells.

        The caller has seen that there are blocks, and that the family may fill so many cells.
        """
        sequence = self.sequences[seq]
        block, first, held = sequence.last
        runs = []
        if here := min(count, self._room(sequence)):
            runs.append((block * CELLS + held, here))
            self._set(sequence, held + here)
        if rest := count - here:
            table = self._fresh(sequence, first + held + here, rest)
            runs += [(block * CELLS, filled) for block, _, filled in table.tolist()]
            self._change(sequence, len(sequence.table), table)
        return runs

    def _set(self, sequence: Sequence, after: int) -> None:
        """Let the last entry count so many cells, one at least."""
        block, _, before = sequence.last
        self._tally.change(block, before, after)
        sequence.family.tally.change(block, before, after)
        sequence.fill(after)

    def _fresh(self, sequence: Sequence, start: int, count: int) -> Table:
        """Entries for `count` tokens from `start` on, in blocks that nobody held."""
        firsts = np.arange(start, start + count, CELLS, dtype=np.int32)
        counts = np.minimum(start + count - firsts, CELLS)
        return np.stack((self._take(sequence, len(firsts)), firsts, counts), 1)

    def _take(self, sequence: Sequence, count: int) -> Numbers:
        assert count <= self.left, "callers see to it that there are blocks"
        self.left -= count
        blocks = self._stack[self.left : self.left + count][::-1].copy()
        self._writers[blocks] = sequence.number
        return blocks

    def _change(self, sequence: Sequence, kept: int, table: Table) -> None:
        """Put other entries behind the first `kept` ones of a sequence, and free what goes."""
        old = sequence.table[kept:].copy()
        sequence.family.tally.hold(table)
        sequence.family.tally.release(old)
        self._tally.hold(table)
        freed = self._tally.release(old)
        self._stack[self.left : self.left + len(freed)] = freed
        self.left += len(freed)
        sequence.replace(kept, table)

    def cut(self, seq: Seq, length: int) -> None:
        """Forget what lies beyond the first `length` tokens."""
        sequence = self.sequences[seq]
        _, first, _ = sequence.last
        if length > first:
            self._set(sequence, length - first)
            return
        table = sequence.first(length)
        kept = max(0, len(table) - 1)  # the last may hold less than before
        self._change(sequence, kept, table[kept:])

    def drop(self, seq: Seq) -> None:
        """Forget a sequence; the last of a family gives back its cells."""
        sequence = self.sequences[seq]
        self._change(sequence, 0, NOTHING)
        del self.sequences[seq]
        sequence.family.members -= 1
        if not sequence.family.members:
            self.reserved -= sequence.family.limit

    def slide(self, seq: Seq, start: int, count: int) -> tuple[Slots, Slots]:
        """Forget `count` tokens from `start` on; the cells of those behind, before and after.

        A cell stays where it is, or moves to a fresh block: where others hold it too, or where
        forgotten ones lie ahead of it in its block.

        Raises:
            Exhausted: too few blocks are left; nothing has changed.
        """
        sequence, stop = self.sequences[seq], start + count
        before = sequence.slots(stop, sequence.length)
        kept, table = sequence.first(start), sequence.table
        behind = table[table[:, 1] + table[:, 2] > stop] - np.array([0, count, 0], np.int32)
        moves = np.array([not self._tally.alone(block) for block in behind[:, 0].tolist()], bool)
        if len(behind) and (skipped := start - int(behind[0, 1])) > 0:
            behind[0, 1:] += (skipped, -skipped)
            moves[0] = True
        if np.count_nonzero(moves) > self.left:
            raise Exhausted(f"{np.count_nonzero(moves)} blocks needed, {self.left} left")
        behind[moves, 0] = self._take(sequence, int(np.count_nonzero(moves)))
        whole = max(0, len(kept) - 1)
        self._change(sequence, whole, np.concatenate((kept[whole:], behind)))
        return before, sequence.slots(start, sequence.length)

    def check(self) -> None:
        """Count everything anew.

        Raises:
            RuntimeError: the books do not balance.
        """
        families = {item.family: Tally(self.blocks) for item in self.sequences.values()}
        pool = Tally(self.blocks)
        for sequence in self.sequences.values():
            _check(sequence)
            families[sequence.family].hold(sequence.table)
            pool.hold(sequence.table)
        free = np.sort(self._stack[: self.left])
        unheld = np.flatnonzero(pool.held() == 0)
        if not (pool.same(self._tally) and np.array_equal(free, unheld)):
            raise RuntimeError("what sequences hold is not what the pool has given")
        for family, tally in families.items():
            if not tally.same(family.tally) or family.free < 0:
                raise RuntimeError(f"a family of {family.limit} cells holds other cells")
        if self.reserved != sum(family.limit for family in families):
            raise RuntimeError(f"{self.reserved} cells are promised, families have others")


def _check(sequence: Sequence) -> None:
    blocks, firsts, counts = sequence.table.T
    dense = np.array_equal(firsts, np.cumsum(counts) - counts)
    if not dense or len(set(blocks.tolist())) < len(blocks) or np.any((counts < 1) | (counts > 64)):
        raise RuntimeError(f"sequence {sequence.number} has a table with gaps")
