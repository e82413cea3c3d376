"""The private home of the demo and the daemon in it; both are gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sticli import launch
from sticli.paths import SOCKET_LIMIT, Paths, resolve

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPING = 5.0  # seconds for a clean stop: nothing of this home is kept
CLEARING = 20  # tries to remove the home: a worker may still be leaving it
PAUSE = 0.1  # seconds between them


@contextmanager
def stage(arguments: tuple[str, ...]) -> Iterator[Paths]:
    """A running daemon in a home of its own.

    Raises:
        SticliError: it does not start.
    """
    with ExitStack() as undo:
        with _unbroken():
            home = _folder()
            undo.callback(_clear, home)
            environ = {key: value for key, value in os.environ.items() if key != "STICLI_SOCKET"}
            environ["STICLI_HOME"] = str(home)
            paths = resolve(environ)
            process = launch.spawn(paths, arguments, environ)
            undo.callback(_end, process)
        launch.wait(paths, process)
        yield paths


@contextmanager
def _unbroken() -> Iterator[None]:
    """What ends the program waits until this is done."""
    came: list[int] = []
    heeded = [number for number in ENDS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {n: signal.signal(n, lambda number, frame: came.append(number)) for n in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def _folder() -> Path:
    """A new folder whose socket's name is short enough."""
    home = Path(tempfile.mkdtemp(prefix="sticli-"))
    if len(os.fsencode(home / "run" / "sticli.sock")) <= SOCKET_LIMIT:
        return home
    home.rmdir()
    return Path(tempfile.mkdtemp(prefix="sticli-", dir="/tmp"))


def _end(process: "subprocess.Popen[bytes]") -> None:
    with _unbroken():
        launch.end(process, STOPPING)


def _clear(home: Path) -> None:
    with _unbroken():
        for _ in range(CLEARING):
            shutil.rmtree(home, ignore_errors=True)
            if not home.exists():
                return
            time.sleep(PAUSE)
