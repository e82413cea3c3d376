"""The radix tree against a list that is searched token by token."""

import itertools

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sticli.daemon.worker.radix import Radix

TOKENS = st.lists(st.integers(-1, 2), max_size=12)  # few of them, so that ways part often


def common(one: list[int], other: list[int]) -> int:
    pairs = zip(one, other, strict=False)
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))


class Machine(RuleBasedStateMachine):
    """`known` holds (tokens, cells) by item, the least recently used first."""

    def __init__(self) -> None:
        super().__init__()
        self.tree: Radix[int] = Radix()
        self.known: dict[int, tuple[list[int], int]] = {}

    @rule(item=st.integers(0, 9), tokens=TOKENS, cells=st.integers(0, 20))
    def put(self, item: int, tokens: list[int], cells: int) -> None:
        self.tree.put(tokens, item, cells)
        self.known.pop(item, None)
        self.known[item] = (tokens, cells)

    @rule(item=st.integers(0, 9))
    def remove(self, item: int) -> None:
        self.tree.remove(item)
        self.known.pop(item, None)

    @rule(item=st.integers(0, 9))
    def touch(self, item: int) -> None:
        if item in self.known:
            self.tree.touch(item)
            self.known[item] = self.known.pop(item)

    @rule(budget=st.integers(0, 60))
    def evict(self, budget: int) -> None:
        gone = []
        while sum(cells for _, cells in self.known.values()) > budget:
            gone.append(next(iter(self.known)))
            del self.known[gone[-1]]
        assert self.tree.evict(budget) == gone

    @rule(tokens=TOKENS)
    def longest(self, tokens: list[int]) -> None:
        lengths = {item: common(tokens, other) for item, (other, _) in self.known.items()}
        best = max(lengths.values(), default=0)
        found = self.tree.longest(tokens)
        if not best:
            assert found is None
        else:
            assert found is not None
            assert found[0] == best == lengths[found[1]]

    @invariant()
    def counts(self) -> None:
        assert len(self.tree) == len(self.known)
        assert self.tree.cells == sum(cells for _, cells in self.known.values())
        for item, (tokens, _) in self.known.items():
            assert item in self.tree
            found = self.tree.longest(tokens)
            assert found is None if not tokens else found is not None and found[0] == len(tokens)


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestRadix = Machine.TestCase


def test_long_sequences_are_told_apart_at_their_last_token() -> None:
    tree: Radix[str] = Radix()
    tokens = np.arange(50_000, dtype=np.int32)
    other = tokens.copy()
    other[-1] = 7
    tree.put(tokens, "one", 50_000)
    tree.put(other, "other", 50_000)
    assert tree.longest(tokens) == (50_000, "one")
    assert tree.longest(other) == (50_000, "other")
    assert tree.longest(tokens[:30_000]) in ((30_000, "one"), (30_000, "other"))
    assert tree.evict(50_000) == ["one"]
    assert tree.longest(tokens) == (49_999, "other")


def test_nothing_is_left_of_what_was_removed() -> None:
    tree: Radix[int] = Radix()
    for item in range(100):
        tree.put([item % 7, item % 5, *range(item)], item, item)
    for item in range(100):
        tree.remove(item)
    assert (len(tree), tree.cells, tree.longest([0, 0])) == (0, 0, None)
