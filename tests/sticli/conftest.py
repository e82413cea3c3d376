"""The program as a process, against a real daemon or one of the wire only."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sticli import launch, paths
from sticli.client import Client
from sticli.completion import naming
from tests.sticli.scripted import Script, serve
from tests.tiny import write_model

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SLOW = 120.0  # seconds that a busy machine may need


@pytest.fixture(autouse=True)
def never_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test starts a daemon by accident, and none sees the service of who runs it."""
    monkeypatch.setenv("STICLI_NO_AUTOSTART", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that the shell completes may take as long as a busy machine needs."""
    monkeypatch.setattr(naming, "BUDGET", SLOW)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A suite that runs in the background of a shell ignores Ctrl-C, and so would its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def script(home: Path) -> Iterator[Script]:
    """A scripted daemon in this test's home."""
    script = Script()
    stop = serve(home / "run" / "sticli.sock", script)
    yield script
    stop()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model file that answers nonsense."""
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf", seed=1)


@pytest.fixture
def daemon(home: Path, model: Path) -> Iterator[Client]:
    """A real daemon in this test's home."""
    where = paths.resolve()
    process = launch.spawn(where, ("--model", str(model)))
    launch.wait(where, process)
    client = Client(where.socket, SLOW)
    yield client
    client.stop()
    client.close()
    process.wait(SLOW)


@pytest.fixture
def sticli(home: Path) -> Run:
    """The program: `sticli("ask", "s", "?", input="…")`."""

    def run(*words: str, **options: object) -> "subprocess.CompletedProcess[str]":
        settings: dict[str, object] = {"text": True, "capture_output": True, "timeout": SLOW}
        if "stdin" not in options:
            settings["input"] = ""
        return subprocess.run(command(*words), **settings | options)

    return run


def command(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "sticli", *words]


def start(*words: str, **options: object) -> "subprocess.Popen[bytes]":
    """The program, running, with pipes on all three streams."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command(*words), env=dict(os.environ), **pipes | options)
