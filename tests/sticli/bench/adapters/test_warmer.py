"""A cache is kept warm with the newest lines, not with every batch of them."""

import threading

import pytest

from sticli.bench.adapters.warmer import Warmer
from sticli.errors import SticliError


def test_lines_that_come_meanwhile_are_sent_together() -> None:
    begun, go = threading.Event(), threading.Event()
    sent: list[int] = []
    lines = 0

    def send() -> int:
        count = lines
        begun.set()
        assert go.wait(10)
        sent.append(count)
        return count

    warmer = Warmer(send)
    warmer.wait()
    for _ in range(5):
        lines += 1
        warmer.add(1)
        assert begun.wait(10)  # the first line is on its way
    go.set()
    warmer.wait()
    assert sent == [1, 5]
    assert [count for count, _ in warmer.settled] == sent
    warmer.close()


def test_a_refusal_is_told_to_who_waits() -> None:
    def send() -> int:
        raise SticliError("bad_request", "too long")

    warmer = Warmer(send)
    warmer.add(1)
    for _ in range(2):
        with pytest.raises(SticliError, match="too long"):
            warmer.wait()
    warmer.close()
