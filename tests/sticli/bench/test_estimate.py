"""Numbers from samples: each definition against another way to get it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.bench import estimate
from sticli.bench.report import Sample

VALUES = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=40)


@given(VALUES, st.floats(0, 1))
def test_quantile_is_the_linear_one(values: list[float], q: float) -> None:
    assert estimate.quantile(values, q) == pytest.approx(float(np.quantile(values, q)))


@given(VALUES)
def test_quantiles_are_in_order_and_end_at_the_ends(values: list[float]) -> None:
    found = estimate.distribution(values)
    assert min(values) <= found.p50 <= found.p95 <= found.p99 <= found.max == max(values)
    assert (estimate.quantile(values, 0), estimate.quantile(values, 1)) == (
        min(values),
        max(values),
    )


def test_median_of_an_even_number_is_between_the_two() -> None:
    assert estimate.median([4.0, 1.0, 2.0, 10.0]) == 3.0


def test_nothing_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="no values"):
        estimate.quantile([], 0.5)


@given(VALUES, st.floats(0.1, 10))
def test_ratio_of_a_multiple_is_the_factor(values: list[float], factor: float) -> None:
    found = estimate.ratio([value * factor for value in values], values)
    assert found.value == pytest.approx(factor)
    if len(values) < 6:
        assert found.low is found.high is None
    else:
        assert found.low == pytest.approx(factor)
        assert found.high == pytest.approx(factor)


def test_ratio_cancels_what_weighs_on_both_sides_of_a_pair() -> None:
    """Noise of a factor of a hundred, which the same numbers unpaired do not survive."""
    noise = np.random.default_rng(7).uniform(1, 100, 50)
    paired = estimate.ratio(list(noise * 1.1), list(noise))
    unpaired = estimate.shift(list(noise * 1.1), list(np.roll(noise, 1)))
    assert (paired.low, paired.high) == (pytest.approx(1.1), pytest.approx(1.1))
    assert unpaired.low is not None
    assert unpaired.high is not None
    assert unpaired.low < 1 < unpaired.high


def test_pairs_come_in_equal_numbers() -> None:
    with pytest.raises(ValueError, match="zip"):
        estimate.ratio([1.0, 2.0], [1.0])


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        value, low, high = estimate.level(list(random.exponential(1.0, 40)))
        assert low is not None
        assert high is not None
        assert low <= value <= high
        held += low <= np.log(2) <= high  # the median of that distribution
    assert 180 <= held < 200


@pytest.mark.parametrize("q", [0.02, 0.5, 0.9, 0.99])
def test_intervals_are_those_of_samples_really_drawn(q: float) -> None:
    random = np.random.default_rng(5)
    values = random.exponential(1.0, 300)
    found = estimate.level(list(values), q)
    drawn = np.quantile(random.choice(values, (4000, 300)), q, axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert found.low == pytest.approx(low, rel=0.15)
    assert found.high == pytest.approx(high, rel=0.15)


@pytest.mark.parametrize(("q", "least"), [(0.5, 6), (0.95, 59), (0.99, 299)])
def test_there_is_no_interval_where_no_value_may_be_beyond_the_quantile(
    q: float, least: int
) -> None:
    """The least of all counts whose smallest and largest enclose it 19 times in 20."""
    values = [1.0 + one for one in range(least)]
    assert estimate.level(values, q).low is not None
    assert estimate.level(values[1:], q) == (estimate.quantile(values[1:], q), None, None)


def test_intervals_are_the_same_every_time() -> None:
    values = [float(one * one % 7) for one in range(1, 301)]
    assert estimate.level(values, 0.99).low is not None
    assert estimate.level(values, 0.99) == estimate.level(values, 0.99)
    assert estimate.shift(values, values[::-1]) == estimate.shift(values, values[::-1])


def sample(answer: str, lines: int = 1, first: float = 1.0, error: str = "") -> Sample:
    return Sample("s", "q", answer, first=first, last=first * 2, lines=lines, error=error)


def test_summary_leaves_errors_out() -> None:
    found = estimate.summary([sample("a"), sample("", first=99.0, error="busy"), sample("b")])
    assert (found["first"].count, found["first"].max, found["last"].p50) == (2, 1.0, 2.0)
    assert estimate.summary([sample("", error="busy")]) == {}


def test_pairs_leave_out_where_either_side_fails() -> None:
    ours = [sample("a", first=1.0), sample("a", first=2.0), sample("a", first=3.0)]
    theirs = [sample("a", first=4.0), sample("", error="busy"), sample("a", first=6.0)]
    assert estimate.paired(ours, theirs) == ([1.0, 3.0], [4.0, 6.0])


def test_who_misses_lines_is_not_quicker() -> None:
    ours, theirs = (
        [sample("a"), sample("a", lines=1, first=0.5)],
        [sample("a"), sample("a", lines=2)],
    )
    assert estimate.paired(ours, theirs, alike=True) == ([1.0], [1.0])
    assert estimate.paired(ours, theirs) == ([1.0, 0.5], [1.0, 1.0])


def test_answers_are_compared_after_the_same_lines_only() -> None:
    ours = [sample("a"), sample("b"), sample("c", lines=2), sample("", error="busy")]
    theirs = [sample("a"), sample("x"), sample("x", lines=1), sample("x")]
    found = estimate.agreement(ours, theirs)
    assert (found.equal, found.compared, found.share) == (1, 2, 0.5)
    assert estimate.agreement([], []).share is None
