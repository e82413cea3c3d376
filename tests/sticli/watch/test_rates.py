"""How fast counters grow: over a window, through restarts and clocks that are set."""

import pytest

from sticli.watch.rates import KEPT, WINDOW, Rates


def rates(*readings: tuple[float, float]) -> Rates:
    found = Rates(["n"])
    for at, value in readings:
        found.add(at, {"n": value})
    return found


def test_one_reading_says_nothing() -> None:
    assert rates().of("n") == rates((1.0, 50.0)).of("n") == 0.0


def test_growth_a_second() -> None:
    assert rates((0.0, 10.0), (2.0, 20.0), (5.0, 60.0)).of("n") == 10.0


def test_what_was_long_ago_is_forgotten() -> None:
    found = rates((0.0, 0.0), (1.0, 1000.0), (1.0 + WINDOW, 1000.0 + WINDOW))
    assert found.of("n") == 1.0


def test_a_worker_that_begins_anew_counts_from_0() -> None:
    assert rates((0.0, 100.0), (1.0, 110.0), (2.0, 4.0)).of("n") == 7.0


def test_a_clock_that_is_set_back_begins_anew() -> None:
    found = rates((1000.0, 0.0), (1001.0, 5.0), (1.0, 6.0))
    assert found.of("n") == 0.0
    found.add(2.0, {"n": 9.0})
    assert found.of("n") == pytest.approx(3.0)


def test_it_is_bounded_however_often_it_is_told() -> None:
    found = Rates(["n"])
    for number in range(3 * KEPT):
        found.add(number / 1000, {"n": float(number)})
    assert len(found._readings) == KEPT
    assert found.of("n") == pytest.approx(1000.0)
