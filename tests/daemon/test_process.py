"""The daemon as a process: lock, socket, signals; who may speak to it."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sticli.daemon import lock
from tests.daemon.conftest import SLOW, Http, until

Process = subprocess.Popen[str]


@pytest.fixture
def processes(home: Path) -> Iterator[list[Process]]:
    """Daemons of this home; whoever is left at the end is killed."""
    started: list[Process] = []
    yield started
    for process in started:
        process.kill()
        process.communicate(timeout=SLOW)


def start(processes: list[Process]) -> Process:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "sticli.daemon", "--model", "/nowhere.gguf"],
        stderr=subprocess.PIPE,
        text=True,
    )
    processes.append(process)
    return process


async def serving(home: Path) -> Http:
    path = home / "run" / "sticli.sock"
    await until(lambda: lock.answers(path))
    return Http(path)


async def test_serves_at_once_and_says_that_the_model_is_missing(
    home: Path, processes: list[Process]
) -> None:
    start(processes)
    http = await serving(home)
    version = await http.ok("GET", "/v1/version")
    assert version["pid"] == processes[0].pid

    async def stopped() -> object:
        status = await http.ok("GET", "/v1/status")
        return status if status["worker"] == "stopped" else None

    status = await until(stopped)
    assert "/nowhere.gguf" in status["last_error"]
    await http.ok("POST", "/v1/sessions", {"name": "s"})
    await http.ok("POST", "/v1/sessions/s/lines", {"lines": ["kept"]})
    reply = await http.call("POST", "/v1/sessions/s/ask", {"question": "what?"})
    assert reply.json()["error"]["code"] == "model"


async def test_of_many_starters_one_stays(home: Path, processes: list[Process]) -> None:
    for _ in range(6):
        start(processes)
    http = await serving(home)
    winner = (await http.ok("GET", "/v1/version"))["pid"]
    for process in processes:
        if process.pid != winner:
            _, errors = process.communicate(timeout=SLOW)
            assert process.returncode == 1
            assert "already running" in errors
    assert processes[[one.pid for one in processes].index(winner)].poll() is None


async def test_files_are_private_and_gone_after_a_clean_stop(
    home: Path, processes: list[Process]
) -> None:
    process = start(processes)
    await serving(home)
    path = home / "run" / "sticli.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in ("run", "data", "state", "cache"):
        assert stat.S_IMODE((home / folder).stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "state" / "daemon.log").stat().st_mode) == 0o600
    process.send_signal(signal.SIGTERM)
    assert process.wait(SLOW) == 0
    assert not path.exists()


async def test_a_killed_daemon_leaves_a_socket_that_the_next_one_replaces(
    home: Path, processes: list[Process]
) -> None:
    process = start(processes)
    http = await serving(home)
    await http.ok("POST", "/v1/sessions", {"name": "s"})
    await http.ok("POST", "/v1/sessions/s/lines", {"lines": ["a", "b"], "producer": "p"})
    process.kill()
    process.wait(SLOW)
    assert (home / "run" / "sticli.sock").exists()
    start(processes)
    http = await serving(home)
    again = await http.ok(
        "POST", "/v1/sessions/s/lines", {"lines": ["b", "c"], "producer": "p", "first_seq": 1}
    )
    assert (again["accepted_seq"], again["lines"]) == (3, 3)


async def test_a_second_signal_ends_it_at_once(home: Path, processes: list[Process]) -> None:
    process = start(processes)
    http = await serving(home)
    await http.ok("POST", "/v1/sessions", {"name": "s"})
    # a request whose body never comes keeps the clean stop busy for a while
    _, writer = await http.open("POST", "/v1/sessions", b"", content_length="10")
    await http.ok("GET", "/v1/version")
    process.send_signal(signal.SIGTERM)
    await until(lambda: not lock.answers(http.path))
    process.send_signal(signal.SIGTERM)
    assert process.wait(SLOW) == 128 + signal.SIGTERM
    writer.close()


async def test_another_socket_in_its_place_is_left_alone(
    home: Path, processes: list[Process]
) -> None:
    process = start(processes)
    await serving(home)
    path = home / "run" / "sticli.sock"
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        process.send_signal(signal.SIGTERM)
        assert process.wait(SLOW) == 0
        assert path.exists()


async def test_the_log_holds_no_text_of_the_user(home: Path, processes: list[Process]) -> None:
    process = start(processes)
    http = await serving(home)
    await http.ok("POST", "/v1/sessions", {"name": "s", "system": "SECRETSYSTEM"})
    await http.ok("POST", "/v1/sessions/s/lines", {"lines": ["SECRETLINE"]})
    await http.call("POST", "/v1/sessions/s/ask", {"question": "SECRETQUESTION"})
    await http.ok("POST", "/v1/sessions/s/flash", {"question": "SECRETFLASH"})
    process.terminate()
    process.wait(SLOW)
    text = (home / "state" / "daemon.log").read_text()
    assert "stopped" in text
    assert "SECRET" not in text


def test_long_paths_are_refused_with_a_reason(
    home: Path, monkeypatch: pytest.MonkeyPatch, processes: list[Process]
) -> None:
    monkeypatch.setenv("STICLI_SOCKET", str(home / ("x" * 108)))
    process = start(processes)
    _, errors = process.communicate(timeout=SLOW)
    assert process.returncode == 2
    assert "STICLI_SOCKET" in errors
    assert len(errors.splitlines()) == 1


def test_the_lock_has_one_holder(home: Path) -> None:
    held = lock.acquire(home / "lock", home / "none.sock")
    assert held is not None
    assert lock.acquire(home / "lock", home / "none.sock", 0.1) is None
    os.close(held)
    again = lock.acquire(home / "lock", home / "none.sock", 0.1)
    assert again is not None
    os.close(again)


def test_a_daemon_that_is_stopping_is_waited_for(home: Path) -> None:
    held = lock.acquire(home / "lock", home / "none.sock")
    assert held is not None
    timer = threading.Timer(0.3, os.close, (held,))
    timer.start()
    after = lock.acquire(home / "lock", home / "none.sock", SLOW)
    assert after is not None
    os.close(after)
    timer.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_another_user_is_cut_off(home: Path, processes: list[Process]) -> None:
    start(processes)
    http = await serving(home)
    home.chmod(0o755)
    (home / "run").chmod(0o755)
    http.path.chmod(0o666)  # modes that only the check of the peer still makes safe
    code = (
        "import os, socket; os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        f"s.connect({str(http.path)!r})\n"
        "try:\n"
        "    s.sendall(b'GET /v1/version HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n')\n"
        "    print(len(s.recv(100)))\n"
        "except OSError:\n"
        "    print(0)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "0", done.stderr
    await http.ok("GET", "/v1/version")
