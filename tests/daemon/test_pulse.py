"""A worker that hangs is found; one that is only quiet is left alone."""

import asyncio
from collections.abc import Callable

import pytest

from sticli.daemon import pulse
from sticli.daemon.pulse import Pulse
from tests.daemon.conftest import until


class Worker:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.busy = True
        self.asked = self.ended = 0
        self.answer: Callable[[], None] = lambda: None
        self.pulse = Pulse(lambda: self.busy, self.ask, self.end)

    def ask(self) -> None:
        self.asked += 1
        self.pulse.watch()  # the supervisor does, whatever it sends
        self.answer()

    def end(self) -> None:
        self.ended += 1


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "PATIENCE", 0.08)


async def test_one_that_has_work_and_says_nothing_is_asked_then_given_up() -> None:
    worker = Worker()
    worker.pulse.watch()
    await until(lambda: worker.ended)
    assert (worker.asked, worker.ended) == (1, 1)
    assert worker.pulse._timer is None


async def test_one_that_is_gone_is_not_ended_after_all() -> None:
    worker = Worker()
    worker.answer = lambda: worker.pulse.stop()
    worker.pulse.watch()
    await until(lambda: worker.asked)
    await asyncio.sleep(3 * pulse.PATIENCE)
    assert (worker.asked, worker.ended) == (1, 0)


async def test_one_that_answers_lives_and_is_asked_as_long_as_it_has_work() -> None:
    worker = Worker()
    worker.answer = lambda: worker.pulse.heard()
    worker.pulse.watch()
    await until(lambda: worker.asked >= 3)
    worker.busy = False
    await until(lambda: worker.pulse._timer is None)
    assert worker.ended == 0


async def test_one_without_work_is_not_asked_and_no_timer_runs() -> None:
    worker = Worker()
    worker.busy = False
    worker.pulse.watch()
    assert worker.pulse._timer is not None
    await until(lambda: worker.pulse._timer is None)
    assert (worker.asked, worker.ended) == (0, 0)
    worker.busy = True
    worker.pulse.watch()
    worker.pulse.stop()
    await asyncio.sleep(0.2)
    assert (worker.asked, worker.ended) == (0, 0)
