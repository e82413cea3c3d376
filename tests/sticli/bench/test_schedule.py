"""Schedules know what a session was given, and what an answer missed of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.bench.schedule import Arrival, Question, Schedule, spread

COUNTS = st.lists(st.integers(0, 4), max_size=8)


def arrivals(counts: list[int], session: str = "a") -> list[Arrival]:
    return [Arrival(1.0 + n, session, ("line",) * count) for n, count in enumerate(counts)]


@given(COUNTS, st.integers(0, 5), st.integers(0, 40), st.floats(0, 12))
def test_missed_is_what_counting_line_by_line_finds(
    counts: list[int], held: int, seen: int, at: float
) -> None:
    feed = Schedule(tuple(arrivals(counts)), (), {"a": held}).feed("a")
    due = [0.0] * held + [1.0 + n for n, count in enumerate(counts) for _ in range(count)]
    if seen > len(due):
        with pytest.raises(ValueError, match="`held` of the schedule is wrong"):
            feed.missed(seen, at)
        return
    missing = [when for when in due[seen:] if when <= at]
    unseen, stale = feed.missed(seen, at)
    assert unseen == len(missing)
    assert stale == pytest.approx(at - min(missing, default=at))


@given(COUNTS, COUNTS)
def test_sessions_go_on_with_what_they_were_given(first: list[int], second: list[int]) -> None:
    both = [*arrivals(first), *arrivals(first[:1], "b")]
    begun = Schedule(tuple(both), ())
    after = begun.next(arrivals(second), [])
    assert after.held == {one: begun.lines(one) for one in begun.sessions}
    assert after.lines("a") == sum(first) + sum(second)
    assert after.next([], []).lines("b") == sum(first[:1])


def test_places_of_arrivals_lead_to_lines() -> None:
    mixed = (Arrival(0, "a", ("x",)), Arrival(1, "b", ("x", "y")), Arrival(2, "a", ("x", "y")))
    schedule = Schedule(mixed, (Question(5, "c", "q", 1),), {"a": 10})
    assert schedule.feed("a").after == {0: 11, 2: 13}
    assert schedule.feed("b").after == {1: 2}
    assert schedule.sessions == ["a", "b", "c"]
    assert schedule.seconds == 5
    assert Schedule((), ()).seconds == 0


@given(st.integers(0, 30), st.integers(1, 7), st.floats(1, 1e4), st.floats(0, 9))
def test_a_spread_feed_keeps_its_rate(count: int, batch: int, rate: float, begin: float) -> None:
    lines = [f"line {n}" for n in range(count)]
    found = spread("a", lines, batch, rate, begin)
    assert [line for one in found for line in one.lines] == lines
    given_before = 0
    for one in found:
        assert one.at == pytest.approx(begin + given_before / rate)
        given_before += len(one.lines)
