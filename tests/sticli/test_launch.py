"""Finding and starting the daemon, and the commands about its life."""

import json
import os
import signal
from pathlib import Path

import pytest

from sticli import launch, paths
from sticli.errors import SticliError
from tests.sticli.conftest import SLOW, Run, start


def halt(sticli: Run) -> None:
    assert sticli("daemon", "stop").returncode == 0


def test_it_starts_by_itself_and_says_so(
    home: Path, model: Path, sticli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_NO_AUTOSTART", "0")
    monkeypatch.setenv("STICLI_MODEL", str(model))
    monkeypatch.setenv("SUDO_USER", "me")
    monkeypatch.setenv("SUDO_UID", str(os.geteuid() + 1))
    first = sticli("ps")
    assert first.returncode == 0, first.stderr
    assert "under sudo: this daemon is not me's" in first.stderr
    assert f"starting the daemon (log: {home}/state/daemon.log)" in first.stderr
    assert "starting" not in sticli("ps").stderr
    halt(sticli)


def test_start_stop_restart_status(home: Path, model: Path, sticli: Run) -> None:
    assert sticli("daemon", "status").returncode == 3
    assert json.loads(sticli("daemon", "status", "--json").stdout)["running"] is False
    assert sticli("daemon", "stop").returncode == 0
    words = ("--model", str(model), "--json")
    first = json.loads(sticli("daemon", "start", *words).stdout)["version"]["pid"]
    assert json.loads(sticli("daemon", "start", "--json").stdout)["version"]["pid"] == first
    status = json.loads(sticli("daemon", "status", "--json").stdout)
    assert (status["version"]["pid"], status["running"]) == (first, True)
    second = sticli("daemon", "run")
    assert second.returncode == 1
    assert second.stderr.startswith("sticli: the daemon is already running (")
    assert str(first) in sticli("daemon", "status").stdout
    after = json.loads(sticli("daemon", "restart", "--json").stdout)["version"]["pid"]
    assert after != first
    kept = json.loads(sticli("daemon", "status", "--json").stdout)
    assert (kept["given"], kept["model"]["path"]) == (str(model), str(model))
    assert launch.leave(first, 0)
    assert "serving" in sticli("daemon", "logs").stdout
    halt(sticli)
    assert launch.leave(after, 0)
    assert sticli("daemon", "status").returncode == 3


def test_run_stays_in_the_foreground(home: Path, model: Path, sticli: Run) -> None:
    with start("daemon", "run", "--model", str(model)) as process:
        assert process.stderr
        assert b"serving" in process.stderr.readline()
        assert json.loads(sticli("api", "GET", "/v1/version").stdout)["pid"] == process.pid
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SLOW)


def test_a_daemon_that_cannot_start_says_why(
    home: Path, sticli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("modle = 1\n")
    monkeypatch.setenv("STICLI_NO_AUTOSTART", "0")
    done = sticli("ps")
    assert done.returncode == 2
    assert "unknown setting 'modle'" in done.stderr
    assert "starting" not in done.stderr
    (home / "config" / "config.toml").write_text("")
    monkeypatch.setenv("STICLI_THREADS", "abc")
    done = sticli("ps")
    assert done.returncode == 2
    assert "threads must be a whole number, is 'abc' (from STICLI_THREADS)" in done.stderr


def test_a_model_that_cannot_be_loaded_fails_the_start(
    home: Path, model: Path, sticli: Run, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(model.read_bytes()[:5000])
    done = sticli("daemon", "start", "--model", str(cut), "-q")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert str(cut) in done.stderr
    assert sticli("doctor").returncode == 1
    found = json.loads(sticli("doctor", "--json").stdout)["checks"][-1]
    assert (found["name"], found["ok"]) == ("worker", False)
    assert "pid None" not in sticli("daemon", "status").stdout
    halt(sticli)


def test_a_home_that_is_a_file_is_said(
    tmp_path: Path, sticli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("STICLI_HOME", str(file))
    monkeypatch.setenv("STICLI_NO_AUTOSTART", "0")
    done = sticli("ps")
    assert done.returncode == 1
    assert done.stderr == f"sticli: {file}/run: Not a directory (check the path)\n"
    checked = sticli("doctor")
    assert (checked.returncode, checked.stderr) == (1, "")
    assert "PROBLEM" in checked.stdout


def test_the_last_line_is_told_without_its_stamp(home: Path) -> None:
    where = paths.resolve()
    where.state.mkdir()
    for line in ("sticli: no room", "2026-11-22 05:35:31,123 ERROR sticli.daemon: no room"):
        where.log.write_text(f"{line}\n")
        assert launch.last_line(where) == "no room"


def test_the_log_is_followed_into_the_next_one(home: Path) -> None:
    where = paths.resolve()
    where.state.mkdir()
    where.log.write_text("old\n")
    with start("daemon", "logs", "-f") as process:
        assert process.stdout
        assert process.stdout.readline() == b"old\n"
        with where.log.open("a") as log:
            log.write("last\n")
            where.log.rename(where.log.with_suffix(".log.1"))
        where.log.write_text("new\n")
        assert [process.stdout.readline() for _ in range(2)] == [b"last\n", b"new\n"]
        process.terminate()
        process.communicate(timeout=SLOW)


def test_the_log_is_private(home: Path) -> None:
    where = paths.resolve()
    process = launch.spawn(where, ("--nonsense",))
    with pytest.raises(SticliError) as caught:
        launch.wait(where, process)
    assert caught.value.code == "unreachable"
    assert "--nonsense" in caught.value.message
    assert where.log.stat().st_mode & 0o077 == 0
    assert where.state.stat().st_mode & 0o077 == 0


def test_leave_waits_for_a_process() -> None:
    assert launch.leave(os.getpid(), 0) is False
    child = os.posix_spawn("/bin/true", ["true"], {})
    assert launch.leave(child, SLOW)
    os.waitpid(child, 0)
    assert launch.leave(child, SLOW)
