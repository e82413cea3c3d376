"""The worker's life, with real processes."""

import asyncio
import sys
from pathlib import Path

import pytest

from sticli.config import Settings
from sticli.daemon import supervisor
from sticli.daemon.messages import Outbound, Ready, Start
from sticli.daemon.supervisor import Supervisor
from tests.daemon.conftest import SCRIPT, SLOW, until


class Ear:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.ups = self.downs = 0
        self.work = False
        self.states: list[str] = []
        self.watched: Supervisor | None = None

    def up(self, ready: Ready) -> None:
        self.ups += 1

    def heard(self, message: Outbound) -> None: ...

    def changed(self) -> None:
        assert self.watched
        self.states.append(self.watched.state)

    def down(self, *, asleep: bool) -> None:
        self.downs += 1

    def busy(self) -> bool:
        return self.work


def watch(folder: Path) -> tuple[Supervisor, Ear]:
    command = (sys.executable, "-P", str(SCRIPT), str(folder))
    one, ear = Supervisor(Start(Settings(), "", ""), command), Ear()
    ear.watched = one
    return one, ear


async def test_a_worker_that_always_dies_is_given_up_then_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "LAST_PAUSE", 0.04)
    (tmp_path / "crash").touch()
    one, ear = watch(tmp_path)
    running = asyncio.create_task(one.run(ear))
    await until(lambda: one.state == "stopped")
    assert ear.downs == supervisor.LOOP_DEATHS
    assert one.restarts == supervisor.LOOP_DEATHS - 1
    assert "a bug at birth" in one.last_error
    assert one.failure is not None
    assert "daemon restart" in one.failure.hint
    one.wake()
    await asyncio.sleep(0.05)
    assert one.state == "stopped"  # too soon
    monkeypatch.setattr(supervisor, "REVIVE_AFTER", 0.0)
    (tmp_path / "crash").unlink()
    one.wake()  # as lines do that come
    assert one.state == "backoff"  # there is hope: who waits is not refused
    await until(lambda: one.state == "ready")
    assert one.failure is None
    await one.stop()
    await running
    assert ear.states[:2] == ["starting", "backoff"]


async def test_a_model_that_cannot_be_loaded_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "unloadable").touch()
    one, ear = watch(tmp_path)
    running = asyncio.create_task(one.run(ear))
    await until(lambda: one.state == "stopped")
    assert one.failure is not None
    assert (one.failure.code, one.restarts) == ("model", 0)
    assert "cut short" in one.last_error
    await one.stop()
    await running


async def test_kills_from_outside_are_no_crash_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "KILLED_PAUSE", 0.02)
    one, ear = watch(tmp_path)
    running = asyncio.create_task(one.run(ear))
    for life in range(1, supervisor.LOOP_DEATHS + 3):
        await until(lambda life=life: ear.ups == life)
        worker = one._worker
        assert worker
        worker._process.kill()
    await until(lambda: ear.ups == supervisor.LOOP_DEATHS + 3)
    assert "SIGKILL" in one.last_error
    await one.stop()
    await running
    assert (tmp_path / "heard").read_text() == "stop\n"


async def test_pauses_grow(tmp_path: Path) -> None:
    one, _ = watch(tmp_path)
    pauses = []
    for _ in range(supervisor.LOOP_DEATHS + 5):
        one._count(life=0.1, killed=False)
        one._deaths.clear()
        pauses.append(one._pause)
    assert pauses[:3] == [0.1, 0.2, 0.4]
    assert pauses[-1] == supervisor.LAST_PAUSE
    one._count(life=supervisor.HEALTHY, killed=False)
    assert one._pause == supervisor.FIRST_PAUSE


async def test_a_worker_that_does_not_leave_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_LIMIT", 0.1)
    monkeypatch.setattr("sticli.daemon.worker_process.TERMINATE", 0.1)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    one = Supervisor(Start(Settings(), "", ""), (sys.executable, "-P", "-c", code))
    ear = Ear()
    ear.watched = one
    running = asyncio.create_task(one.run(ear))
    await until(lambda: one.pid is not None)
    await one.stop()
    await running
    assert ear.downs == 1


async def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    one = Supervisor(Start(Settings(), "", ""), (str(tmp_path / "none"),))
    ear = Ear()
    ear.watched = one
    running = asyncio.create_task(one.run(ear))
    await until(lambda: "cannot be started" in one.last_error)
    await one.stop()
    await running


async def test_a_stop_while_a_worker_is_born(tmp_path: Path) -> None:
    one, ear = watch(tmp_path)
    running = asyncio.create_task(one.run(ear))
    while not ear.states:
        await asyncio.sleep(0)
    assert one.pid is None  # it is not there yet
    await one.stop()
    await asyncio.wait_for(running, SLOW)
    assert (ear.ups, one.pid) == (0, None)
