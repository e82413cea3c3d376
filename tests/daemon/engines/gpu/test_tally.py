"""Counts of holders against the sets that they stand for."""

import random

import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.gpu.tally import Tally
from sticli.kernels.operands import CELLS

BLOCKS = 12


def random_table(rng: random.Random) -> NDArray[np.int32]:
    """Entries of different blocks, many of them whole."""
    blocks = rng.sample(range(BLOCKS), rng.randint(0, 6))
    counts = [rng.choice([CELLS, CELLS, 1, CELLS - 1, rng.randint(1, CELLS)]) for _ in blocks]
    return (
        np.array([(block, 0, n) for block, n in zip(blocks, counts, strict=True)])
        .reshape(-1, 3)
        .astype(np.int32)
    )


def held(tables: list[NDArray[np.int32]]) -> list[int]:
    """Cells of every block that some table holds."""
    cells = np.zeros((BLOCKS, CELLS), bool)
    for table in tables:
        for block, _, count in table.tolist():
            cells[block, :count] = True
    return cells.sum(1).tolist()


def test_a_random_walk_counts_as_sets_do() -> None:
    rng, tally, tables = random.Random(1), Tally(BLOCKS), [np.zeros((0, 3), np.int32)]
    for _ in range(500):
        before = held(tables)
        if rng.random() < 0.5:
            tables.append(random_table(rng))
            tally.hold(tables[-1])
        elif len(tables) > 1:
            freed = tally.release(tables.pop(rng.randrange(1, len(tables)))).tolist()
            gone = [block for block in range(BLOCKS) if before[block] and not held(tables)[block]]
            assert sorted(freed) == gone
        elif len(table := tables[-1]):
            tally.change(int(table[0, 0]), int(table[0, 2]), 7)
            table[0, 2] = 7
        after = held(tables)
        assert tally.held().tolist() == [tally.most(block) for block in range(BLOCKS)] == after
        assert tally.used == sum(after)
        holders = [sum(block in table[:, 0] for table in tables) for block in range(BLOCKS)]
        assert [tally.alone(block) for block in range(BLOCKS)] == [n == 1 for n in holders]


def test_a_holder_may_come_to_hold_more_or_less() -> None:
    rng, tally = random.Random(2), Tally(BLOCKS)
    tables = [np.array([[3, 0, 20]], np.int32), np.array([[3, 0, CELLS]], np.int32)]
    for table in tables:
        tally.hold(table)
    for _ in range(500):
        table, count = rng.choice(tables), rng.choice([CELLS, rng.randint(1, CELLS)])
        tally.change(3, int(table[0, 2]), count)
        table[0, 2] = count
        assert (tally.used, tally.most(3)) == (max(held(tables)), max(held(tables)))
    assert not tally.alone(3)
    tally.release(tables[0])
    assert tally.alone(3)


def test_equal_counts_are_told_from_others() -> None:
    one, other = Tally(BLOCKS), Tally(BLOCKS)
    whole, part = np.array([[1, 0, CELLS]], np.int32), np.array([[2, 0, 5]], np.int32)
    for tables in ([whole], [part], [whole, part], [part, part]):
        for table in tables:
            one.hold(table)
        assert not one.same(other)
        for table in tables:
            other.hold(table)
        assert one.same(other)
