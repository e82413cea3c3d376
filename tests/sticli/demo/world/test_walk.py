"""Walks stay where they may be, and a bar holds what happened in it."""

import random

from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.world.walk import Walk

SEEDS, STEPS = st.integers(0, 2**32), st.floats(1e-4, 0.3)


@given(SEEDS, st.integers(1, 10**7), STEPS, st.sampled_from([0.0, 0.05]))
def test_prices_stay_between_their_bounds(seed: int, start: int, step: float, jumps: float) -> None:
    walk = Walk(random.Random(seed), start, step, 0.1, jumps, lowest=1, highest=10**7)
    assert all(1 <= walk.next() <= 10**7 for _ in range(50))


@given(SEEDS, STEPS)
def test_bars_follow_one_another(seed: int, step: float) -> None:
    walk = Walk(random.Random(seed), 10_000, step)
    close = walk.now
    for _ in range(20):
        bar = walk.bar(4)
        assert bar.open == close
        assert bar.low <= min(bar.open, bar.close)
        assert bar.high >= max(bar.open, bar.close)
        close = bar.close


@given(SEEDS)
def test_a_scale_lets_a_number_cross_nought(seed: int) -> None:
    walk = Walk(random.Random(seed), 0, 0.05, scale=1000)
    assert len({walk.next() for _ in range(50)}) > 5
