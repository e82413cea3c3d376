"""How long a pass takes is learned from passes that ran."""

import random

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.worker.cost import OUTLIER, Cost, Margin, pairs


@given(
    st.floats(0, 0.05),
    st.floats(1e-5, 0.05),
    st.floats(0, 1e-5),
    st.lists(st.tuples(st.integers(1, 600), st.integers(0, 8000)), min_size=10, max_size=60),
)
def test_cost_is_learned(
    fixed: float, token: float, pair: float, passes: list[tuple[int, int]]
) -> None:
    cost = Cost()
    for count, start in passes * 3:
        cost.observe(count, pairs(start, count), fixed + token * count + pair * pairs(start, count))
    for count, start in passes[-5:]:
        true = fixed + token * count + pair * pairs(start, count)
        assert abs(cost.predict(count, pairs(start, count)) - true) < 0.1 * true + 1e-4
    assert min(cost.fixed, cost.token, cost.pair) >= 0


@given(st.integers(0, 100_000), st.floats(0, 10))
def test_what_fits_takes_no_longer(start: int, seconds: float) -> None:
    cost = Cost()
    count = cost.fits(start, seconds)
    assert cost.marginal(start, count) <= seconds * 1.0001
    assert cost.marginal(start, count + 1) >= seconds * 0.9999


@given(st.floats(0, 0.02), st.floats(1e-4, 0.02), st.floats(1e-5, 0.005))
def test_families_that_cost_a_pass_each_are_told_from_those_that_do_not(
    fixed: float, family: float, token: float
) -> None:
    cost = Cost()
    for n in range(200):
        families, count = 1 + n % 8, 1 + n * 7 % 60
        cost.observe(count, 0, fixed + family * families + token * count, families)
    for families in (1, 8):
        true = fixed + family * families + token * 30
        assert abs(cost.predict(30, 0, families) - true) < 0.1 * true + 1e-4


def test_what_may_be_a_family_s_is_taken_for_it() -> None:
    """Who has only seen one family expects eight to take nearly eight times its overhead."""
    cost = Cost()
    for n in range(200):
        cost.observe(1 + n % 40, 0, 0.01 + 0.001 * (1 + n % 40))
    assert cost.predict(8, 0, 8) > 6 * 0.01


@given(st.integers(0, 1 << 30), st.floats(0.2, 0.9))
def test_nine_of_ten_passes_stay_within_the_margin(seed: int, busy: float) -> None:
    rng, margin, within = random.Random(seed), Margin(), 0
    for n in range(2000):
        seconds = rng.uniform(1.5, 2.5) if rng.random() < busy else rng.uniform(0.9, 1.0)
        margin.observe(1.0, seconds)
        within += n >= 1000 and seconds <= 1.1 * margin.factor
    assert within >= 850
    assert margin.factor < 3.2


def test_a_quiet_machine_has_no_margin() -> None:
    margin = Margin()
    margin.observe(1.0, 100.0)
    assert 1 < margin.factor < OUTLIER
    for _ in range(10):
        margin.observe(1.0, 1.02)
    assert margin.factor == 1
