"""What is done once nobody has come for long."""

import asyncio
import time

from sticli.daemon.idle import Idle
from tests.daemon.conftest import until


async def test_a_step_is_taken_once_nobody_has_come_for_so_long() -> None:
    idle, acts = Idle(), list[float]()
    idle.after(0.05, lambda: bool(acts.append(time.monotonic())) or True)
    began = time.monotonic()
    idle.touch()
    await until(lambda: acts)
    assert acts[0] - began >= 0.05
    await asyncio.sleep(0.15)
    assert len(acts) == 1  # and not again, until somebody comes
    idle.touch()
    await until(lambda: len(acts) == 2)


async def test_a_visit_puts_it_off_and_moves_no_timer() -> None:
    idle, acts = Idle(), list[float]()
    idle.after(0.1, lambda: bool(acts.append(time.monotonic())) or True)
    idle.touch()
    timer = idle._steps[0]._timer
    last = time.monotonic()
    for _ in range(5):
        await asyncio.sleep(0.01)
        last = time.monotonic()
        idle.touch()
        assert idle._steps[0]._timer is timer
    await until(lambda: acts)
    assert acts[0] - last >= 0.1


async def test_what_could_not_be_done_is_tried_again() -> None:
    idle, tries = Idle(), list[int]()

    def act() -> bool:
        tries.append(1)
        return len(tries) == 3

    idle.after(0.01, act)
    idle.touch()
    await until(lambda: len(tries) == 3)
    await asyncio.sleep(0.05)
    assert len(tries) == 3


async def test_zero_is_never_and_a_stop_ends_it() -> None:
    idle, tries = Idle(), list[int]()
    idle.after(0, lambda: bool(tries.append(1)))
    idle.touch()
    assert idle._steps == []
    idle.after(0.01, lambda: bool(tries.append(1)))
    idle.touch()
    idle.stop()
    await asyncio.sleep(0.05)
    assert tries == []
