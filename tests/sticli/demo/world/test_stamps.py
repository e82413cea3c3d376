"""Times that nobody listed: many ways, readable, none that evaluation keeps."""

import random
import re

from sticli.demo.world import stamps
from sticli.demo.world.clock import FIRST, KEPT_STYLES

TIMES = [FIRST * 1000 + step * 7_654_321 for step in range(40)]


def test_the_ways_are_many() -> None:
    rng = random.Random(1)
    assert len({stamps.coin(rng)(TIMES[0]) for _ in range(3000)}) > 1000


def test_none_that_is_kept_is_coined() -> None:
    rng = random.Random(2)
    kept = [[style(ms) for ms in TIMES] for style in KEPT_STYLES.values()]
    bare = re.compile(r"\d\d:\d\d")
    for _ in range(3000):
        coined = stamps.coin(rng)
        told = [coined(ms) for ms in TIMES]
        assert told not in kept
        assert not bare.fullmatch(told[0])
        assert not re.fullmatch(r"\d{13}", told[0])


def test_a_coined_time_is_short_and_no_price() -> None:
    rng = random.Random(3)
    for _ in range(3000):
        text = stamps.coin(rng)(TIMES[5])
        assert re.fullmatch(r"[\w:./+ -]{1,32}", text), text
        assert not re.fullmatch(r"\d{1,9}(\.\d+)?", text), text
