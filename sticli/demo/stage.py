"""The private home of the demo and the daemon in it; both are gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sticli import launch
from sticli.client import Client
from sticli.errors import SticliError
from sticli.paths import SOCKET_LIMIT, Paths, resolve

STOPPING = 30.0  # seconds for a clean stop


@contextmanager
def stage(arguments: tuple[str, ...]) -> Iterator[Paths]:
    """A running daemon in a home of its own.

    Raises:
        SticliError: it does not start.
    """
    home = _folder()
    environ = {key: value for key, value in os.environ.items() if key != "STICLI_SOCKET"}
    environ["STICLI_HOME"] = str(home)
    paths = resolve(environ)
    process: subprocess.Popen[bytes] | None = None
    try:
        process = launch.spawn(paths, arguments, environ)
        launch.wait(paths, process)
        yield paths
    finally:
        if process:
            _end(paths, process)
        shutil.rmtree(home, ignore_errors=True)


def _folder() -> Path:
    """A new folder whose socket's name is short enough."""
    home = Path(tempfile.mkdtemp(prefix="sticli-"))
    if len(os.fsencode(home / "run" / "sticli.sock")) <= SOCKET_LIMIT:
        return home
    home.rmdir()
    return Path(tempfile.mkdtemp(prefix="sticli-", dir="/tmp"))


def _end(paths: Paths, process: "subprocess.Popen[bytes]") -> None:
    with suppress(SticliError):  # one that answers no more is ended all the same
        Client(paths.socket, STOPPING).stop()
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
