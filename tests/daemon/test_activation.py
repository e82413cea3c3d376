"""The daemon as a service manager runs it: a socket of its own, told how it is, gone when idle."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sticli.client import Client
from sticli.launch import command
from sticli.protocol import Status
from tests.daemon.conftest import SLOW

SYSTEMD = shutil.which("systemd-socket-activate")
# What systemd does between fork and exec.
HAND = (
    "import os, sys\n"
    "os.dup2(int(sys.argv[1]), 3)\n"
    "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)
MODEL = ("--model", "/nowhere.gguf")  # of no use here


@contextmanager
def started(home: Path, plug: socket.socket, **more: str) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-P", "-c", HAND, str(plug.fileno()), *command(MODEL)]
    process = subprocess.Popen(
        words, pass_fds=(plug.fileno(),), env=os.environ | more, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SLOW)


@pytest.fixture
def plug(home: Path) -> Iterator[socket.socket]:
    (home / "run").mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        plug.bind(str(home / "run" / "sticli.sock"))
        plug.listen()
        yield plug


def status(home: Path) -> Status:
    client = Client(home / "run" / "sticli.sock", SLOW)
    try:
        return client.status()
    finally:
        client.close()


def said(ear: socket.socket, wanted: str) -> str:
    """The first message that holds what is wanted."""
    while True:
        found = ear.recv(4096).decode()
        if wanted in found:
            return found


def test_it_serves_the_socket_tells_its_manager_and_leaves_the_socket(
    home: Path, plug: socket.socket
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(home / "notify"))
        ear.settimeout(SLOW)
        more = {"NOTIFY_SOCKET": str(home / "notify"), "WATCHDOG_USEC": "200000"}
        with started(home, plug, **more) as process:
            assert said(ear, "READY=1")
            found = status(home)
            assert (found.version.pid, found.activated) == (process.pid, True)
            assert found.given == "/nowhere.gguf"
            said(ear, "STATUS=worker ")
            said(ear, "WATCHDOG=1")
            said(ear, "WATCHDOG=1")
            process.terminate()
            end = said(ear, "STOPPING=1")
            assert "EXTEND_TIMEOUT_USEC=" in end
            assert process.wait(SLOW) == 0
    assert (home / "run" / "sticli.sock").is_socket()
    with started(home, plug) as process:  # the socket serves the next one
        assert status(home).version.pid == process.pid


def test_it_ends_when_nobody_comes_and_somebody_who_waits_keeps_it(
    home: Path, plug: socket.socket
) -> None:
    with started(home, plug, STICLI_EXIT_AFTER_S="0.4") as process:
        client = Client(home / "run" / "sticli.sock", SLOW)
        assert client.status().version.pid == process.pid
        time.sleep(1.0)
        assert process.poll() is None
        client.close()
        assert process.wait(SLOW) == 0
    assert (home / "run" / "sticli.sock").is_socket()
    with started(home, plug) as process:
        assert status(home).version.pid == process.pid


def test_a_socket_of_another_path_is_refused(home: Path, plug: socket.socket) -> None:
    with started(home, plug, STICLI_SOCKET=str(home / "other.sock")) as process:
        _, words = process.communicate(timeout=SLOW)
    assert process.returncode == 2
    assert "clients look for" in words
    assert words.count("\n") == 1


def listens(path: Path) -> bool:
    """Whether a socket is not only bound; to try it would start what stands behind it."""
    sockets = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
    return any(fields[-1] == str(path) and fields[3] == "00010000" for fields in sockets)


@pytest.mark.skipif(SYSTEMD is None, reason="there is no systemd-socket-activate")
def test_systemd_starts_it_for_a_connection(home: Path) -> None:
    (home / "run").mkdir(mode=0o700)
    path = home / "run" / "sticli.sock"
    words = [str(SYSTEMD), "-l", str(path), "-E", "STICLI_HOME", *command(MODEL)]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        while not listens(path):
            time.sleep(0.01)
        found = status(home)  # the connection that starts it is answered
        assert found.activated
        assert found.version.pid == process.pid  # it becomes the daemon
    finally:
        process.kill()
        process.wait(SLOW)
