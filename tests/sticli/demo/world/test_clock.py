"""Times: the plain ones only move forward, the lively ones are sometimes late."""

import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from sticli.demo.world.clock import KEPT_STYLES, STYLES, Clock, style

FORMS = {
    "day": "%H:%M:%S", "fine": "%H:%M:%S.%f", "iso": "%Y-%m-%dT%H:%M:%SZ", "minute": "%H:%M",
    "apache": "%d/%b/%Y:%H:%M:%S +0000", "sql": "%Y-%m-%d %H:%M:%S",
    "german": "%d.%m.%Y %H:%M:%S", "slashed": "%Y/%m/%d %H:%M", "noon": "%I:%M:%S %p",
    "offset": "%Y-%m-%dT%H:%M:%S+00:00", "compact": "%Y%m%d-%H%M%S", "comma": "%H:%M:%S,%f",
    "rfc": "%d %b %Y %H:%M:%S", "american": "%m/%d/%Y %I:%M %p", "digits": "%Y%m%d%H%M%S",
    "logged": "%b/%d/%Y:%H:%M:%S",
}  # fmt: skip


@pytest.mark.parametrize("name", [*STYLES, *KEPT_STYLES])
def test_a_style_is_a_time(name: str) -> None:
    clock = Clock(random.Random(1), style(name), lively=True)
    for _ in range(100):
        text = clock.tick()
        if name in FORMS:
            assert datetime.strptime(text, FORMS[name]).replace(tzinfo=UTC)
        elif name == "syslog":
            assert datetime.strptime(f"2024 {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
        else:
            seconds = float(text) / {"epoch_ms": 1e3, "nanos": 1e9}.get(name, 1)
            assert 2022 < datetime.fromtimestamp(seconds, UTC).year < 2031


def test_plain_ticks_never_go_back_nor_stay_away() -> None:
    clock = Clock(random.Random(2), style("epoch"))
    times = [int(clock.tick()) for _ in range(500)]
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert gaps == set(range(10))


def test_lively_ones_have_bursts_gaps_and_late_lines() -> None:
    gaps = list[int]()
    for seed in range(30):
        clock = Clock(random.Random(seed), style("epoch_ms"), lively=True)
        times = [int(clock.tick()) for _ in range(300)]
        gaps += [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) < 0
    assert gaps.count(0) > 300
    assert max(gaps) > 3_600_000
