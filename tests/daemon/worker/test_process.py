"""The worker as a process over a real model file: what only a process can show."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.frames import read_frames
from tests.daemon.worker.link import Kind, ask, lines, opened
from tests.tiny import CHATML, write_model

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]
PATIENCE = 120  # seconds, for a machine that is very busy


class Peer:
    """The front's end of the socketpair."""

    def __init__(self, home: Path, model: Path | str) -> None:
        self.socket, other = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        command = [sys.executable, "-P", "-m", "sticli.daemon.worker", "--fd", str(other.fileno())]
        self.process = subprocess.Popen(command, pass_fds=[other.fileno()])
        other.close()
        self._bodies = read_frames(self.socket)
        settings = Settings(model=str(model), threads=1)
        self.send(messages.Start(settings, str(home / "cache/snapshots"), str(home / "state/key")))

    def send(self, *sent: messages.Message) -> None:
        for message in sent:
            self.socket.sendall(messages.frame(message))

    def until(self, kind: type[Kind], such: Callable[[Kind], bool] = lambda _: True) -> Kind:
        """The next message of a kind; others are passed over."""
        for body in self._bodies:
            message = messages.decode_outbound(body)
            if isinstance(message, kind) and such(message):
                return message
        raise AssertionError(f"the worker ended without {kind.__name__}")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf", seed=5, template=CHATML)


@contextlib.contextmanager
def worker(home: Path, model: Path | str) -> Iterator[Peer]:
    peer = Peer(home, model)
    try:
        yield peer
    finally:
        peer.process.kill()
        peer.process.wait()
        peer.socket.close()


def test_serves_stops_and_restores(tmp_path: Path, model: Path) -> None:
    with worker(tmp_path, model) as peer:
        ready = peer.until(messages.Ready)
        assert ready.detail["template"] == "system"
        peer.send(opened(), lines(FEED), ask(1, version=40), ask(2, "<|im_end|>", version=40))
        first = {done.id: done for done in (peer.until(messages.Done), peer.until(messages.Done))}
        peer.send(messages.Stop())
        peer.until(messages.Stopped)
        assert peer.process.wait(PATIENCE) == 0
    with worker(tmp_path, model) as peer:
        peer.send(opened(lines=40), lines(FEED), ask(1, version=40))
        restored = peer.until(messages.Restored)
        assert restored.note == f"from snapshot: {restored.tokens} tokens, 1 recomputed"
        again = peer.until(messages.Done)
    assert (again.text, again.version) == (first[1].text, 40)
    assert again.confidence == pytest.approx(first[1].confidence, abs=0.05)
    assert first[2].new_tokens > first[1].new_tokens  # the control token stayed text


def test_terminate_is_a_stop_and_interrupt_is_nothing(tmp_path: Path, model: Path) -> None:
    with worker(tmp_path, model) as peer:
        peer.until(messages.Ready)
        peer.process.send_signal(signal.SIGINT)
        peer.send(opened())
        peer.until(messages.Restored)
        peer.process.send_signal(signal.SIGTERM)
        peer.until(messages.Stopped)
        assert peer.process.wait(PATIENCE) == 0


def test_dies_with_the_front_in_the_middle_of_work(tmp_path: Path, model: Path) -> None:
    with worker(tmp_path, model) as peer:
        peer.until(messages.Ready)
        peer.send(opened(limit=None), lines(FEED * 20))
        peer.until(messages.Settled)
        peer.socket.close()
        assert peer.process.wait(PATIENCE) != 0
    assert not list((tmp_path / "cache/snapshots").glob("*.kv"))


@pytest.mark.parametrize("content", [None, b"", b"GGUF" + bytes(100), b"\x7fELF" * 100])
def test_a_model_that_cannot_be_loaded_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with worker(tmp_path, path) as peer:
        failed = peer.until(messages.Failed)
        assert (failed.id, failed.session) == (0, "")
        assert str(path) in failed.message
        assert peer.process.wait(PATIENCE) == 1
