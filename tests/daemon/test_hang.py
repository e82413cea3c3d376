"""A worker that hangs, and what is said of a death afterwards."""

from pathlib import Path

import pytest

from sticli.daemon import pulse, supervisor
from tests.daemon.conftest import Daemon, until


async def test_a_worker_that_hangs_is_killed_and_said(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(pulse, "PATIENCE", 1.0)
    await daemon.new("s")
    await daemon.append("s", "one")
    await daemon.settled("s")
    (tmp_path / "hang").touch()
    reply = await daemon.http.call("POST", "/v1/sessions/s/ask", {"question": "wait"})
    (tmp_path / "hang").unlink()
    assert reply.json()["error"]["code"] == "worker_down"
    status = await daemon.status()
    assert "while it had work" in status["last_error"]
    assert (await daemon.ask("s", "what came last?"))["answer"] == "1: one"


async def test_a_worker_that_answers_is_left_at_work(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "PATIENCE", 2.0)
    await daemon.new("s")
    await daemon.append("s", "one")
    await daemon.settled("s")
    _, writer = await daemon.http.open("POST", "/v1/sessions/s/ask", {"question": "wait"})
    await until(lambda: sum(line == "beat" for line in daemon.heard()) >= 2)
    assert (await daemon.status())["restarts"] == 0
    writer.close()
    await writer.wait_closed()


async def test_an_old_error_is_forgotten(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "HEALTHY", 0.3)
    await daemon.new("s")
    await daemon.append("s", "one")
    await daemon.settled("s")
    assert (await daemon.ask("s", "die once"))["answer"] == "1: one"
    assert "exit code 9" in caplog.text

    async def forgotten() -> bool:
        status = await daemon.status()
        return status["restarts"] == 1 and not status["last_error"]

    await until(forgotten)
