"""The books of the pool against a memory in which every cell remembers who wrote it."""

import itertools
import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from sticli.daemon.engines.base import Exhausted, Seq
from sticli.daemon.engines.gpu.cells import SPARE, Cells, spare_blocks, within
from sticli.kernels.operands import CELLS

LIMIT = 400


@dataclass
class Memory:
    """Random operations on books, and what the cells would hold."""

    cells: Cells
    rng: random.Random
    written: dict[int, int] = field(default_factory=dict)  # by slot: a name of its own a write
    tokens: dict[Seq, list[int]] = field(default_factory=dict)
    family: dict[Seq, int] = field(default_factory=dict)
    names: "itertools.count[int]" = field(default_factory=itertools.count)

    def pick(self) -> Seq:
        return self.rng.choice(list(self.tokens))

    def open(self) -> None:
        if len(set(self.family.values())) < 5:
            seq = self.cells.open(LIMIT)
            self.tokens[seq], self.family[seq] = [], next(self.names)

    def fork(self) -> None:
        parent = self.pick()
        length = self.length(parent)
        if len(self.members(parent)) < 8:
            seq = self.cells.fork(parent, length)
            self.tokens[seq] = self.tokens[parent][:length]
            self.family[seq] = self.family[parent]

    def branch(self) -> None:
        parent = self.pick()
        length = self.length(parent)
        if len(set(self.family.values())) < 5:
            seq = self.cells.branch(parent, length, LIMIT)
            self.tokens[seq] = self.tokens[parent][:length]
            self.family[seq] = next(self.names)

    def length(self, seq: Seq) -> int:
        """A length up to the sequence's, often its own or at the edge of a block."""
        length = len(self.tokens[seq])
        edge = length // CELLS * CELLS
        return self.rng.choice([length, edge, max(0, edge - 1), self.rng.randint(0, length)])

    def members(self, seq: Seq) -> list[Seq]:
        return [item for item, family in self.family.items() if family == self.family[seq]]

    def used(self, seq: Seq) -> int:
        return len({name for item in self.members(seq) for name in self.tokens[item]})

    def append(self) -> None:
        seq = self.pick()
        count = self.rng.choice([1, 1, 2, 30, 64, 130])
        if self.used(seq) + count > LIMIT or self.cells.blocks_for(seq, count) > self.cells.left:
            return
        left, need = self.cells.left, self.cells.blocks_for(seq, count)
        runs = self.cells.append(seq, count)
        assert self.cells.left == left - need
        slots = [slot + at for slot, held in runs for at in range(held)]
        assert len(slots) == count
        for slot in slots:
            self.written[slot] = next(self.names)
        self.tokens[seq] = self.tokens[seq] + [self.written[slot] for slot in slots]

    def cut(self) -> None:
        seq = self.pick()
        length = self.length(seq)
        self.cells.cut(seq, length)
        self.tokens[seq] = self.tokens[seq][:length]

    def slide(self) -> None:
        seq = self.pick()
        length = len(self.tokens[seq])
        if len(self.members(seq)) > 1 or not length:
            return
        start = self.rng.randrange(length)
        count = self.rng.randint(1, length - start)
        before, after = self.cells.slide(seq, start, count)
        kept = self.tokens[seq][start + count :]
        assert [self.written[slot] for slot in before.tolist()] == kept
        moved = [next(self.names) for _ in kept]  # other keys: who else held them must not see it
        self.written.update(zip(after.tolist(), moved, strict=True))
        self.tokens[seq] = self.tokens[seq][:start] + moved

    def drop(self) -> None:
        seq = self.pick()
        self.cells.drop(seq)
        del self.tokens[seq], self.family[seq]

    def step(self) -> None:
        kinds = [self.open, self.fork, self.branch, self.cut, self.slide, self.drop]
        weights = [1, 3, 1, 2, 1, 1]
        kinds, weights = [*kinds, self.append], [*weights, 5]
        (self.rng.choices(kinds, weights)[0] if self.tokens else self.open)()

    def check(self) -> None:
        for seq, tokens in self.tokens.items():
            sequence = self.cells.sequences[seq]
            slots = sequence.slots(0, len(tokens)).tolist()
            assert [self.written[slot] for slot in slots] == tokens
            assert sequence.length == len(tokens)
            assert sequence.family.free == LIMIT - self.used(seq)
        assert self.cells.used == len(set(itertools.chain(*self.tokens.values())))
        assert self.cells.reserved == LIMIT * len(set(self.family.values()))
        self.cells.check()


@pytest.mark.parametrize("seed", range(3))
def test_no_sequence_ever_reads_what_another_wrote(seed: int) -> None:
    memory = Memory(Cells(5 * LIMIT, 60), random.Random(seed))
    for number in range(400):
        memory.step()
        if number % 4 == 0:
            memory.check()
    while memory.tokens:
        memory.drop()
    memory.check()
    assert memory.cells.left == memory.cells.blocks


def filled(count: int, cells: int = 6400, spare: int = 20) -> tuple[Cells, Seq]:
    """Books with one sequence of so many tokens."""
    books = Cells(cells, spare)
    seq = books.open(cells // 2)
    books.append(seq, count)
    return books, seq


def blocks(books: Cells, seq: Seq) -> list[int]:
    return books.sequences[seq].table[:, 0].tolist()  # type: ignore[no-any-return]


def test_a_fork_shares_blocks_and_goes_on_in_a_fresh_one() -> None:
    books, parent = filled(150)
    fork = books.fork(parent, 140)
    assert blocks(books, fork) == blocks(books, parent)
    assert books.sequences[fork].table[:, 2].tolist() == [64, 64, 12]
    books.append(fork, 3)
    books.append(parent, 3)
    assert blocks(books, fork)[:3] == blocks(books, parent)
    assert books.sequences[fork].table[:, 1:].tolist()[2:] == [[128, 12], [140, 3]]
    assert books.sequences[parent].table[-1, 2] == 25  # whoever took a block fills it


def test_cells_that_a_fork_reads_are_not_overwritten() -> None:
    books, parent = filled(150)
    fork = books.fork(parent, 140)
    books.cut(parent, 130)
    runs = books.append(parent, 5)
    assert runs[0][0] // CELLS not in blocks(books, fork)
    books.cut(parent, 130)
    books.drop(fork)
    assert books.append(parent, 5) == [(blocks(books, parent)[2] * CELLS + 2, 5)]


def test_a_fork_never_fills_what_its_parent_left() -> None:
    books, parent = filled(10)
    fork = books.fork(parent, 10)
    books.drop(parent)
    taken = blocks(books, fork)
    books.append(fork, 1)
    assert blocks(books, fork)[:1] == taken
    assert len(blocks(books, fork)) == 2


def test_sequences_are_refused_while_blocks_are_still_enough_for_those_that_run() -> None:
    books, seq = filled(64 * 40, cells=64 * 90, spare=30)
    forks = []
    with pytest.raises(Exhausted, match="blocks"):
        forks.extend(books.fork(seq, 2560) for _ in range(100))
    assert len(forks) == 120 - 45 - 1  # blocks; the family's, and one that the parent may need
    for fork in forks:
        books.append(fork, 1)
    books.append(seq, 320 - 74)
    books.drop(forks.pop())
    books.fork(seq, 5)
    books.check()


def test_a_slide_moves_only_what_it_must() -> None:
    books, seq = filled(64 * 6 + 10)
    before, after = books.slide(seq, 70, 90)  # from the second block to the third
    moved = before != after
    assert len(before) == 64 * 6 + 10 - 160
    assert np.flatnonzero(moved).tolist() == list(range(32))  # the rest of the third
    branch = books.branch(seq, 64 * 3, 6400 // 2)
    before, after = books.slide(seq, 0, 70)
    assert not set(after.tolist()) & set(books.sequences[branch].slots(0, 192).tolist())
    books.check()


def test_a_slide_that_blocks_do_not_allow_changes_nothing() -> None:
    books, seq = filled(64 * 10, cells=64 * 20, spare=2)
    books.branch(seq, 64 * 10, 64 * 10)
    hog = books.sequences[seq].family
    rest = next(iter(books.sequences))
    books.append(rest, books.left * 64 - 64)  # beyond the family's cells: to leave one block
    table = books.sequences[seq].table.copy()
    assert hog is books.sequences[rest].family
    with pytest.raises(Exhausted):
        books.slide(seq, 0, 10)
    assert np.array_equal(books.sequences[seq].table, table)


@pytest.mark.parametrize("spoil", ["holder", "free", "gap", "twice", "reserved", "limit"])
def test_books_that_do_not_balance_are_found(spoil: str) -> None:
    books, seq = filled(200)
    books.fork(seq, 100)
    books.check()
    sequence = books.sequences[seq]
    match spoil:
        case "holder":
            books._tally.hold(sequence.table)
        case "free":
            books.left -= 1
        case "gap":
            sequence.table[1, 1] += 1
        case "twice":
            sequence.table[1, 0] = sequence.table[0, 0]
        case "reserved":
            books.reserved += 1
        case "limit":
            sequence.family.limit = 10
    with pytest.raises(RuntimeError):
        books.check()


@pytest.mark.parametrize("blocks", [0, 1, 2, 300, 512, 5000, 40000])
def test_cells_and_spare_blocks_fit_the_memory(blocks: int) -> None:
    cells, spare = within(blocks * CELLS * 1024 + 1023, 1024)
    assert cells + spare * CELLS == blocks * CELLS
    assert spare <= max(SPARE, blocks // 8) <= spare_blocks(blocks * CELLS)
    if blocks > 2 * SPARE:
        assert spare >= min(spare_blocks(cells), blocks // 9)
