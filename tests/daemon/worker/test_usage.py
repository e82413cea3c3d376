"""What the worker tells of itself: durations by class, and the lag of lines."""

import pytest

from sticli.daemon.worker.lag import Lag
from sticli.daemon.worker.recent import KEPT, Recent
from sticli.daemon.worker.usage import Usage


def test_recent_keeps_all_counts_and_the_newest_values() -> None:
    recent = Recent()
    assert recent.report() == {"count": 0, "sum": 0, "max": 0, "p50": 0, "p99": 0}
    recent.add(1000)
    for value in range(KEPT):
        recent.add(value)
    assert recent.report() == {
        "count": KEPT + 1,
        "sum": 1000 + sum(range(KEPT)),
        "max": 1000,
        "p50": KEPT // 2,
        "p99": KEPT * 99 // 100,
    }


def test_lag_is_from_arrival_to_settling() -> None:
    lag = Lag()
    lag.arrived("a", 5, 10.0)
    lag.arrived("a", 8, 11.0)
    lag.arrived("b", 3, 10.0)
    lag.settled("a", 6, 12.0)
    assert (lag.recent.count, lag.recent.total) == (1, 2.0)
    lag.settled("a", 8, 15.0)
    assert (lag.recent.count, lag.recent.longest) == (2, 4.0)
    lag.forget("b")
    lag.settled("b", 3, 99.0)
    assert lag.recent.count == 2


def test_a_report_tells_every_duration() -> None:
    usage = Usage()
    usage.stalls.add(0.25)
    usage.count("a new one", 2)
    report = usage.report()
    assert report["stall_s_count"] == 1
    assert report["stall_s_max"] == report["stall_s_p99"] == pytest.approx(0.25)
    assert report["a new one"] == 2
    assert report["step_s_ready_count"] == report["lag_s_sum"] == 0
