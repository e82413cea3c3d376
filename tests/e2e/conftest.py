"""A person at a terminal with a real daemon in a private home."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sticli.client import Client
from sticli.errors import SticliError
from sticli.machine import cuda
from sticli.paths import resolve
from sticli.protocol import Status

# Seconds that a busy machine may need for anything that ends; with a GPU it compiles kernels first.
SLOW = 600.0 if cuda.find() else 120.0


@dataclass
class Person:
    """Runs the program as its user does."""

    home: Path

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Begin a command with pipes on all three streams."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "sticli", *arguments], **(pipes | options)
        )

    def run(
        self, *arguments: str, feed: str | bytes = b"", code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and check its exit code."""
        data = feed.encode() if isinstance(feed, str) else feed
        process = self.start(*arguments)
        out, err = process.communicate(data, timeout=SLOW)
        done = subprocess.CompletedProcess(
            arguments, process.returncode, out.decode(), err.decode()
        )
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def log(self, session: str) -> list[str]:
        return self.run("log", session).stdout.splitlines()

    def pids(self) -> tuple[int, int]:
        """The process ids of front and worker, once both are up."""
        status = wait_for(self._ready)
        return status.version.pid, status.worker_pid

    def _ready(self) -> Status | None:
        """The status once there is a daemon and its worker is ready."""
        client = Client(resolve({"STICLI_HOME": str(self.home)}).socket, SLOW)
        try:
            status = client.status()
        except SticliError:
            return None
        finally:
            client.close()
        return status if status.worker == "ready" else None


def wait_for(condition: Callable[[], Any], seconds: float = SLOW) -> Any:
    """The condition's first true value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not true within {seconds} s")


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with what the first daemon measured of the machine, which takes it two seconds."""
    return tmp_path_factory.mktemp("machine")


@pytest.fixture
def person(home: Path, machine: Path) -> Iterator[Person]:
    measured(machine, home)
    yield from _living(Person(home))
    measured(home, machine)


def measured(source: Path, target: Path) -> None:
    """A home takes over what the daemon of another has measured, if one has."""
    known = Path("cache", "calibration.json")
    with suppress(FileNotFoundError):
        data = (source / known).read_bytes()
        (target / known).parent.mkdir(exist_ok=True)
        (target / known).write_bytes(data)


def _living(someone: Person) -> Iterator[Person]:
    """Whatever happens, no process of this home is left."""
    yield someone
    someone.start("daemon", "stop", "--no-autostart").communicate(timeout=SLOW)
    for pid in daemons(someone.home):
        os.kill(pid, signal.SIGKILL)


@contextmanager
def private_home(monkeypatch: pytest.MonkeyPatch, like: Person) -> Iterator[Person]:
    """A second person, in a home of their own, on the same machine."""
    with tempfile.TemporaryDirectory(prefix="sticli-", ignore_cleanup_errors=True) as folder:
        measured(like.home, Path(folder))
        monkeypatch.setenv("STICLI_HOME", folder)
        yield from _living(Person(Path(folder)))


def daemons(home: Path) -> list[int]:
    """Processes of the daemon whose environment names this home."""
    mark = f"STICLI_HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes()
            else:
                continue
        except OSError:
            continue
        if b"sticli.daemon" in command and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
