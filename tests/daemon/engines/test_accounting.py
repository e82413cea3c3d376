"""Cells are counted exactly, and no sequence reads another's, whatever the order of operations."""

import itertools
import random
from dataclasses import dataclass, field

import pytest

from sticli.daemon.engines.base import Engine, Exhausted, Plan, Row, Seq
from tests.daemon.engines.conftest import CELLS, Subject
from tests.daemon.engines.contract import append, assert_same, fresh

LIMIT = 150


@dataclass
class Reference:
    """What the engine should hold: every sequence's tokens, and a name for each of its cells."""

    tokens: dict[Seq, list[int]] = field(default_factory=dict)
    cells: dict[Seq, list[int]] = field(default_factory=dict)
    family: dict[Seq, int] = field(default_factory=dict)
    names: "itertools.count[int]" = field(default_factory=itertools.count)

    def add(self, seq: Seq, tokens: list[int], cells: list[int], family: int) -> None:
        self.tokens[seq], self.cells[seq], self.family[seq] = tokens, cells, family

    def append(self, seq: Seq, tokens: list[int]) -> None:
        self.tokens[seq] = self.tokens[seq] + tokens
        self.cells[seq] = self.cells[seq] + [next(self.names) for _ in tokens]

    def used(self, family: int) -> int:
        """Cells of a family, shared ones once."""
        return len({cell for seq in self.members(family) for cell in self.cells[seq]})

    def members(self, family: int) -> list[Seq]:
        return [seq for seq, of in self.family.items() if of == family]

    def drop(self, seq: Seq) -> None:
        del self.tokens[seq], self.cells[seq], self.family[seq]


class Walk:
    """Random operations on an engine and on the reference alike."""

    def __init__(self, engine: Engine, seed: int, restores: bool) -> None:
        self.engine = engine
        self.rng = random.Random(seed)
        self.reference = Reference()
        self.restores = restores

    def step(self) -> None:
        if not self.reference.tokens:
            return self.open()
        kinds = [self.open, self.fork, self.fork, self.run, self.run, self.run, self.cut, self.drop]
        self.rng.choice([*kinds, self.restore, self.branch] if self.restores else kinds)()

    def pick(self) -> Seq:
        return self.rng.choice(list(self.reference.tokens))

    def open(self) -> None:
        if len(set(self.reference.family.values())) < 6:
            seq = self.engine.open(LIMIT)
            self.reference.add(seq, [], [], next(self.reference.names))

    def fork(self) -> None:
        parent = self.pick()
        family = self.reference.family[parent]
        if len(self.reference.members(family)) < 20:
            length = self.rng.randint(0, len(self.reference.tokens[parent]))
            self.reference.add(
                self.engine.fork(parent, length),
                self.reference.tokens[parent][:length],
                self.reference.cells[parent][:length],
                family,
            )

    def run(self) -> None:
        """A plan of several rows, which may be refused as a whole."""
        count = self.rng.randint(1, min(6, len(self.reference.tokens)))
        rows = [self.row(seq) for seq in self.rng.sample(list(self.reference.tokens), count)]
        need: dict[int, int] = {}
        for row in rows:
            family = self.reference.family[row.seq]
            need[family] = need.get(family, self.reference.used(family)) + len(row.tokens)
        if max(need.values()) > LIMIT:
            with pytest.raises(Exhausted):
                self.engine.run(Plan(tuple(rows)))
            return
        self.engine.run(Plan(tuple(rows)))
        for row in rows:
            self.reference.append(row.seq, list(row.tokens))

    def row(self, seq: Seq) -> Row:
        tokens = [self.rng.randrange(256) for _ in range(self.rng.randint(1, 15))]
        wants = self.rng.choice(["none", "last", "all"])
        return Row(seq, tokens, len(self.reference.tokens[seq]), wants)

    def cut(self) -> None:
        seq = self.pick()
        length = self.rng.randint(0, len(self.reference.tokens[seq]))
        self.engine.cut(seq, length)
        self.reference.tokens[seq] = self.reference.tokens[seq][:length]
        self.reference.cells[seq] = self.reference.cells[seq][:length]

    def drop(self) -> None:
        self.forget(self.pick())

    def branch(self) -> None:
        """Another family that begins as a sequence does, with cells of its own or the same."""
        if len(set(self.reference.family.values())) >= 6:
            return
        parent = self.pick()
        length = self.rng.randint(0, len(self.reference.tokens[parent]))
        branch = self.engine.branch(parent, length, LIMIT)
        tokens = self.reference.tokens[parent][:length]
        cells = self.reference.cells[parent][:length]
        if not self.engine.shares:
            cells = [next(self.reference.names) for _ in cells]
        self.reference.add(branch, tokens, cells, next(self.reference.names))

    def forget(self, seq: Seq) -> None:
        self.engine.drop(seq)
        self.reference.drop(seq)

    def restore(self) -> None:
        """Save a sequence, drop it, load it as a family of its own."""
        seq = self.pick()
        if len(set(self.reference.family.values())) >= 6:
            return
        tokens, data = self.reference.tokens[seq], self.engine.save(seq)
        self.forget(seq)
        loaded = self.engine.load(data, len(tokens), LIMIT)
        self.reference.add(loaded, [], [], next(self.reference.names))
        self.reference.append(loaded, tokens)

    def check(self) -> None:
        families = set(self.reference.family.values())
        used = {family: self.reference.used(family) for family in families}
        cells = {cell for held in self.reference.cells.values() for cell in held}
        assert self.engine.used == len(cells)
        assert self.engine.reserved == LIMIT * len(families)
        for seq, tokens in self.reference.tokens.items():
            assert self.engine.length(seq) == len(tokens)
            assert self.engine.free(seq) == LIMIT - used[self.reference.family[seq]]


@pytest.mark.parametrize("seed", range(3))
def test_random_operations(subject: Subject, seed: int) -> None:
    # a saved state holds one window of the past, or none, so not every fork is possible after
    walk = Walk(subject.engine, seed, restores=not (subject.window or subject.recurrent))
    for _ in range(subject.steps):
        walk.step()
        walk.check()
    for seq, tokens in list(walk.reference.tokens.items()):
        if subject.engine.free(seq):
            assert_same(subject, append(subject.engine, seq, [65]), fresh(subject, [*tokens, 65]))
        subject.engine.drop(seq)
    assert (subject.engine.used, subject.engine.reserved) == (0, 0)
    subject.engine.drop(subject.engine.open(CELLS))
