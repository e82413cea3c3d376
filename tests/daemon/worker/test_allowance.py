"""The device time of standing questions: so many seconds in any minute, and no more."""

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.worker.allowance import GRAIN, MINUTE, Allowance

STEP = 0.05


@given(st.floats(0.01, 59), st.lists(st.tuples(st.floats(0, 20), st.floats(0, STEP)), max_size=300))
def test_no_minute_uses_more_than_the_budget_and_one_pass(
    budget: float, passes: list[tuple[float, float]]
) -> None:
    allowance, now = Allowance(budget), 0.0
    spent: list[tuple[float, float]] = []
    for wait, seconds in passes:
        now += wait
        if allowance.open(now):
            allowance.spend(seconds, now)
            spent.append((now, seconds))
    for end, _ in spent:
        used = sum(seconds for at, seconds in spent if end - MINUTE < at <= end)
        assert used <= budget + STEP + 1e-9


@given(st.floats(0.01, 5), st.floats(0.001, STEP))
def test_it_opens_when_it_says(budget: float, seconds: float) -> None:
    allowance, now = Allowance(budget), 100.0
    while allowance.open(now):
        now += seconds
        allowance.spend(seconds, now)
    opens = allowance.opens(now)
    assert opens is not None
    assert now < opens <= 100 + MINUTE + budget + GRAIN + STEP
    assert not allowance.open(opens - 1e-6)
    assert allowance.open(opens)


def test_a_whole_minute_is_no_bound_and_nothing_is_never() -> None:
    everything, nothing = Allowance(MINUTE), Allowance(0)
    for n in range(100):
        everything.spend(10.0, n)
    assert everything.open(100)
    assert not nothing.open(0)
    assert nothing.opens(0) is None


def test_a_wait_is_told_once_it_is_over() -> None:
    allowance = Allowance(1)
    assert allowance.deferred(5, 10) == 0
    allowance.spend(1, 10)
    assert allowance.deferred(12, 40) == 0
    assert allowance.deferred(12, 10 + MINUTE) == MINUTE - 2
    assert allowance.deferred(12, 11 + MINUTE) == 0
    allowance.spend(1, 100)
    assert allowance.deferred(90, 100 + MINUTE) == MINUTE  # since there was nothing left
    allowance.spend(1, 200)
    assert allowance.deferred(270, 270) == 0
