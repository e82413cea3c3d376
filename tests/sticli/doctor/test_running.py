"""The daemon, its lock, its socket, its worker and its service, each staged as it goes wrong."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from sticli import __version__, service
from sticli.doctor import running
from sticli.doctor.check import Check
from sticli.paths import Paths, resolve
from sticli.protocol import Problem, Status, Version
from sticli.service import SERVICE, SOCKET, Plan

STATUS = Status(Version(__version__, 1, 7, 0.0), "ready", 8, 0, "", None, 0, 0, 0, 0, {}, {}, {})


@pytest.fixture
def where(home: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(service, "failed", lambda: False)
    paths = resolve()
    for folder in paths.private:
        folder.mkdir(mode=0o700, exist_ok=True)
    return paths


@pytest.fixture
def lock(where: Paths) -> Iterator[None]:
    """Some process holds the lock, and has written down what a daemon would."""
    where.lock.write_text(f"{os.getpid()}\n{where.socket}\n")
    with open(where.lock) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def checks(where: Paths) -> dict[str, Check]:
    return {check.name: check for check in running.checks(where)}


def bound(where: Paths) -> socket.socket:
    plug = socket.socket(socket.AF_UNIX)
    plug.bind(str(where.socket))
    return plug


def test_none_runs(where: Paths) -> None:
    assert checks(where)["daemon"].result == "ok"
    bound(where).close()  # what a killed one leaves
    found = checks(where)["daemon"]
    assert (found.result, "left its socket" in found.found) == ("ok", True)


@pytest.mark.usefixtures("lock")
def test_it_listens_where_nobody_here_looks(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    found = checks(replace(where, socket=Path("/nowhere/s.sock")))["daemon"]
    assert not found.ok
    assert str(where.socket) in found.found
    assert "XDG_RUNTIME_DIR is not set" in found.found
    assert found.advice == f"`export STICLI_SOCKET={where.socket}` here"
    runtime = f"/run/user/{os.getuid()}"
    where.lock.write_text(f"{os.getpid()}\n{runtime}/sticli/sticli.sock\n")
    assert checks(where)["daemon"].advice == f"`export XDG_RUNTIME_DIR={runtime}` here"


def test_another_socket_is_named(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(where.state))
    other = where.state / f"sticli-{os.getuid()}"
    other.mkdir()
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(other / "sticli.sock"))
        found = checks(where)["another socket"]
    assert (found.result, str(other) in found.advice) == ("note", True)


@pytest.mark.usefixtures("lock")
def test_its_socket_was_cleaned_away(where: Paths) -> None:
    found = checks(where)["daemon"]
    assert (found.ok, f"kill {os.getpid()}" in found.advice) == (False, True)


@pytest.mark.usefixtures("lock")
def test_it_holds_the_lock_and_does_not_answer(where: Paths) -> None:
    with bound(where):
        assert checks(where)["daemon"].result == "note"  # it is young
        long_ago = time.time() - 3600
        os.utime(where.lock, (long_ago, long_ago))
        found = checks(where)["daemon"]
    assert (found.ok, f"kill -9 {os.getpid()}" in found.advice) == (False, True)


def asked(where: Paths, monkeypatch: pytest.MonkeyPatch, status: Status) -> dict[str, Check]:
    """What is found of a daemon that says so of itself."""
    monkeypatch.setattr(running, "shake_hands", lambda paths, seconds: status.version)
    monkeypatch.setattr("sticli.client.Client.status", lambda client: status)
    with bound(where):
        found = checks(where)
    where.socket.unlink()
    return found


@pytest.mark.usefixtures("lock")
def test_what_it_says_of_itself(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(**fields: object) -> Status:
        return msgspec.structs.replace(STATUS, **fields)

    fine = asked(where, monkeypatch, STATUS)
    assert {check.result for check in fine.values()} == {"ok"}
    assert asked(where, monkeypatch, change(worker="asleep"))["worker"].result == "ok"
    older = change(version=Version("0.0.1", 1, 7, 0.0))
    found = asked(where, monkeypatch, older)["daemon"]
    assert (found.result, "daemon restart" in found.advice) == ("note", True)
    ahead = change(version=Version(__version__, 1, 7, time.time() + 3600))
    assert "set back" in asked(where, monkeypatch, ahead)["daemon"].advice
    died = change(last_error="the worker died (killed by SIGKILL)")
    assert not asked(where, monkeypatch, died)["worker"].ok
    down = change(worker="stopped", failure=Problem("worker_down", "it died 5 times", "see logs"))
    found = asked(where, monkeypatch, down)["worker"]
    assert (found.ok, found.found, found.advice) == (False, "stopped: it died 5 times", "see logs")
    assert not asked(where, monkeypatch, change(worker="backoff"))["worker"].ok


def install(where: Paths, interpreter: str) -> None:
    service.folder().mkdir(parents=True, exist_ok=True)
    units = Plan(where, interpreter, {"STICLI_HOME": str(where.data.parent)}).units()
    for name, text in units.items():
        (service.folder() / name).write_text(text)


def test_a_service(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    install(where, "/bin/sh")
    found = checks(where)
    assert found["service"].result == "ok"
    assert "systemctl --user start" in found["daemon"].advice  # nobody listens
    with bound(where):
        assert checks(where)["daemon"].found.startswith("asleep")
    monkeypatch.setattr(service, "failed", lambda: True)
    assert "reset-failed" in checks(where)["service"].advice
    install(where, "/gone venv/bin/python")
    found = checks(where)
    assert (found["service"].ok, "/gone venv" in found["service"].found) == (False, True)


def test_a_service_that_listens_elsewhere(where: Paths) -> None:
    install(replace(where, socket=Path("/run/other.sock")), "/bin/sh")
    found = checks(where)["service"]
    assert (found.ok, "/run/other.sock" in found.found) == (False, True)
    assert service.named(service.folder() / SERVICE, "Type") == "notify"
    assert service.named(service.folder() / SOCKET, "Nothing") is None
