"""The floor of a round trip between two processes."""

import time

from sticli.bench import echo


def test_every_round_trip_takes_time_and_keeps_its_pace() -> None:
    begin = time.perf_counter()
    found = echo.times(5, 0.01)
    assert len(found) == 5
    assert min(found) > 0
    assert time.perf_counter() - begin >= 0.04
