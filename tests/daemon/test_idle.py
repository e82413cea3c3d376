"""What is done once nobody has come for long."""

import asyncio
import time

from sticli.daemon.idle import Idle
from tests.daemon.conftest import until


async def test_it_is_done_each_time_that_nobody_has_come_for_so_long() -> None:
    idle, acts = Idle(), list[float]()
    began = time.monotonic()
    idle.after(0.03, lambda: acts.append(time.monotonic()))
    await until(lambda: len(acts) >= 3)
    idle.stop()
    assert acts[0] - began >= 0.03
    assert acts[1] - acts[0] >= 0.03
    count = len(acts)
    await asyncio.sleep(0.1)
    assert len(acts) == count


async def test_a_visit_puts_it_off_and_moves_no_timer() -> None:
    idle, acts = Idle(), list[float]()
    idle.after(0.1, lambda: acts.append(time.monotonic()))
    timer = idle._steps[0]._timer
    for _ in range(5):
        time.sleep(0.01)  # the loop stands still: nothing else can move the timer
        last = time.monotonic()
        idle.touch()
        assert idle._steps[0]._timer is timer
    await until(lambda: acts)
    assert acts[0] - last >= 0.1
    idle.stop()


async def test_zero_is_never() -> None:
    idle, acts = Idle(), list[int]()
    idle.after(0, lambda: acts.append(1))
    idle.touch()
    await asyncio.sleep(0.02)
    assert acts == []
    idle.stop()
