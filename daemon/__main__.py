"""`python -P -m sticli.daemon`: takes the lock, binds the socket, serves."""

import argparse
import asyncio
import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

from sticli.config import Settings, load
from sticli.daemon import lock
from sticli.daemon.front import serve
from sticli.daemon.http import listener
from sticli.daemon.logs import start_logging
from sticli.daemon.notify import Notify, manager
from sticli.daemon.origin import Origin
from sticli.errors import SticliError, refused
from sticli.paths import Paths, check_socket_path, prepare, resolve
from sticli.place import absolute

PR_SET_DUMPABLE = 4  # prctl(2)


def main(arguments: list[str] | None = None) -> int:
    """Run the daemon; the exit code."""
    options = _parse(arguments)
    notify = manager(os.environ)
    try:
        paths = resolve()
        model = absolute(options.model) if options.model else None
        settings, _ = load(paths.config_file, model=model)
        check_socket_path(paths.socket)
        plug = listener.handed(os.environ, paths.socket)
        prepare(paths)
    except (SticliError, OSError) as error:
        return _refuse(error)
    if lock.acquire(paths.lock, paths.socket, alone=plug is None) is None:
        hint = "`sticli daemon restart` starts it anew"
        return _refuse(SticliError("exists", "the daemon is already running", hint))
    start_logging(paths.log, settings.log_level, options.foreground)
    if not options.foreground:
        os.chdir("/")
    _keep_memory_private()
    return _run(Life(paths, settings, notify, Origin(model or "", plug is not None), plug))


@dataclass(frozen=True)
class Life:
    """What one run of the daemon needs; `plug` is the socket that it was handed, if it was."""

    paths: Paths
    settings: Settings
    notify: Notify
    origin: Origin
    plug: socket.socket | None


def _refuse(error: SticliError | OSError) -> int:
    """Say why it does not start; the exit code."""
    if isinstance(error, OSError):
        error = refused(error)
    print(f"sticli: {error}", file=sys.stderr)
    return error.exit_code


def _run(life: Life) -> int:
    log = logging.getLogger("sticli.daemon")
    gc.freeze()  # what is here now stays: to look it over again would hold up a reply
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_hold_socket(life))
    except SticliError as error:
        log.error("%s", error)
        return error.exit_code
    return 0


async def _hold_socket(life: Life) -> None:
    """Own the signals before anybody can know of us, then the socket, and serve on it."""
    stopping = asyncio.Event()
    _own_signals(stopping)
    path = life.paths.socket
    plug = life.plug or listener.bind(path)
    ours = None if life.plug else listener.identity(path)
    try:
        await serve(
            life.paths, life.settings, plug, stopping, notify=life.notify, origin=life.origin
        )
    finally:
        listener.remove(path, ours)
        plug.close()


def _own_signals(stopping: asyncio.Event) -> None:
    """The first SIGTERM or SIGINT stops cleanly, the second at once."""

    def handle(number: int) -> None:
        if stopping.is_set():
            os._exit(128 + number)
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle, number)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("sticli.daemon", description=__doc__)
    parser.add_argument("--model", help="path of a GGUF file")
    parser.add_argument("--foreground", action="store_true", help="log to stderr too")
    return parser.parse_args(arguments)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # other implementations of Python have none
        return None
    return uvloop.new_event_loop


def _keep_memory_private() -> None:
    """No core dumps, no debugger of another process: memory holds private text."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
