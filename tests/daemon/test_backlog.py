"""Sizes at marks: exact in sum, close in between, and of bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon import backlog
from sticli.daemon.backlog import Backlog, measure

batches = st.lists(
    st.integers(1, 50).flatmap(lambda n: st.tuples(st.just(n), st.integers(n, 5_000))), max_size=60
)


def build(first: int, sizes: list[tuple[int, int]]) -> tuple[Backlog, dict[int, int]]:
    """A backlog of batches (lines, characters), and the true sums at their ends."""
    one, end, total = Backlog(first), first, 0
    sums = {first: 0}
    for number, (lines, characters) in enumerate(sizes):
        end, total = end + lines, total + characters
        one.grow(end, characters, float(number))
        sums[end] = total
    return one, sums


@given(st.integers(0, 9), batches)
def test_what_lies_between_marks_is_wrong_by_a_grain_at_most(
    first: int, sizes: list[tuple[int, int]]
) -> None:
    one, sums = build(first, sizes)
    assert one.characters(max(sums)) == max(sums.values())
    for line, total in sums.items():
        assert abs(one.characters(line) - total) <= backlog.GRAIN + 5_000
    for line in range(first, max(sums)):
        assert one.characters(line) <= one.characters(line + 1)
        assert one.line(one.characters(line)) <= line


@given(batches, st.data())
def test_skipped_lines_weigh_nothing_and_the_others_what_they_did(
    sizes: list[tuple[int, int]], data: st.DataObject
) -> None:
    one, sums = build(0, sizes)
    lines = max(sums)
    first = data.draw(st.integers(0, lines))
    end = data.draw(st.integers(first, lines))
    before = [one.characters(line) for line in range(lines + 1)]
    one.skip(first, end)
    gone = before[end] - before[first]
    for line in range(lines + 1):
        wanted = min(before[line], before[first]) if line <= end else before[line] - gone
        assert abs(one.characters(line) - wanted) <= 1  # a character lost to rounding
    more = data.draw(st.integers(end, lines))
    one.skip(end, more)
    assert one.characters(more) == one.characters(first)


def test_the_memory_is_bounded_and_the_sum_is_kept() -> None:
    one = Backlog(0)
    for number in range(1, 20_001):
        one.grow(number * 10, 3_000, number * 2.0)
    assert len(one._marks) <= backlog.MARKS
    assert one.characters(200_000) == 20_000 * 3_000
    assert one.characters(100_000) == pytest.approx(10_000 * 3_000, rel=0.01)


def test_forgotten_lines_leave_the_others_as_they_were() -> None:
    one, _ = build(0, [(10, 4_000)] * 40)
    before = one.characters(400) - one.characters(250)
    one.forget(200)
    assert one.characters(400) - one.characters(250) == before
    assert len(one._marks) < 25


def test_the_ratio_follows_what_the_model_finds() -> None:
    one = measure(0, [(n * 100, 10_000, float(n)) for n in range(1, 101)])
    assert one.tokens(0) == pytest.approx(1_000_000 * backlog.PRIOR, rel=0.01)
    for n in range(10):
        one.learn(n * 100, n * 100 + 100, 2_500)
    assert one.ratio == pytest.approx(0.25, rel=0.05)
    for n in range(10, 100):
        one.learn(n * 100, n * 100 + 100, 3_500)
    assert one.ratio == pytest.approx(0.35, rel=0.06)
    one.learn(0, 100, -5)  # a window that moved between two reports teaches nothing
    assert one.ratio == pytest.approx(0.35, rel=0.06)


def test_the_age_is_that_of_the_oldest_line_that_waits() -> None:
    one = measure(0, [(n, 100, n * 5.0) for n in range(1, 11)])
    assert one.since(3) == 20.0
    assert one.since(9) == 50.0
    assert one.since(10) is None
