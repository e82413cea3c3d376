"""Intervals of shares whose questions share feeds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.exam.interval import difference, share
from sticli.wilson import wilson

FEEDS = st.lists(st.lists(st.booleans(), min_size=1, max_size=9), min_size=1, max_size=12)


def hits(feeds: list[list[bool]]) -> list[tuple[int, bool]]:
    return [(number, hit) for number, feed in enumerate(feeds) for hit in feed]


@given(FEEDS)
def test_a_share_lies_in_its_interval_and_is_no_surer_than_wilsons(feeds: list[list[bool]]) -> None:
    found = share(hits(feeds))
    assert (found.right, found.of) == (sum(map(sum, feeds)), sum(map(len, feeds)))
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12 <= 1 + 2e-12
    low, high = wilson(found.right, found.of)
    assert found.high - found.low >= high - low - 1e-9


@given(st.lists(st.booleans(), min_size=2, max_size=40), st.integers(2, 9))
def test_asking_the_same_again_makes_nothing_surer(answers: list[bool], times: int) -> None:
    once = share(hits([[answer] for answer in answers]))
    again = share(hits([[answer] * times for answer in answers]))
    assert again.of == times * once.of
    assert again.high - again.low >= once.high - once.low - 1e-9


def test_feeds_of_one_question_each_are_nearly_wilsons() -> None:
    found = share(hits([[number % 5 > 0] for number in range(400)]))
    assert (found.low, found.high) == pytest.approx(wilson(320, 400), abs=1e-3)


def test_nothing_asked_tells_nothing() -> None:
    found = share([])
    assert (found.of, found.value, found.low, found.high) == (0, 0.0, 0.0, 1.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), min_size=1))
def test_a_difference_turns_its_sign_with_its_sides(pairs: list[tuple[int, bool, bool]]) -> None:
    mean, spread = difference(pairs)
    assert difference([(feed, b, a) for feed, a, b in pairs]) == pytest.approx((-mean, spread))
    assert mean == pytest.approx(sum(a - b for _, a, b in pairs) / len(pairs))


def test_a_few_wrong_answers_make_nothing_surer() -> None:
    feeds = [[True] * 10 for _ in range(20)]
    spotless = share(hits(feeds))
    feeds[3][4] = False
    found = share(hits(feeds))
    assert found.low < spotless.low


def test_two_that_hardly_differ_are_not_surely_alike() -> None:
    pairs = [(feed, True, True) for feed in range(30) for _ in range(20)]
    assert difference(pairs) == (0.0, pytest.approx(0.1))
    pairs[7] = (0, True, False)
    assert difference(pairs)[1] == pytest.approx(0.1)
