"""Finds the user's daemon, or starts it and waits until it answers."""

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sticli import protocol
from sticli.client import RESTART, Client
from sticli.errors import SticliError
from sticli.paths import Paths, check_socket_path, make_private, prepare
from sticli.place import awaited, rooted

if TYPE_CHECKING:
    import subprocess

PATIENCE = 30.0  # seconds that a daemon may need until its socket answers
STAMP = re.compile(r"sticli: |\d{4}-\d\d-\d\d \S+ [A-Z]+ \S+: ")  # in front of a line of the log
HANDSHAKE = 10.0  # seconds that a running daemon may need for the handshake


@dataclass(frozen=True)
class Launch:
    """How a command reaches the daemon: where, whether it may start one, how to tell."""

    paths: Paths
    autostart: bool
    note: Callable[[str], None]
    arguments: tuple[str, ...] = ()  # for a daemon that it starts

    def connect(self, timeout: float | None = 60.0) -> Client:
        """A client whose daemon has answered the handshake; starts one if allowed.

        Raises:
            SticliError: unreachable, version_mismatch, permission, timeout.
        """
        if not self.autostart and asleep(self.paths):
            raise not_running(self.paths)
        try:
            shake_hands(self.paths)
        except SticliError as error:
            if error.code != "unreachable":
                raise
            if not self.autostart:
                raise not_running(self.paths) from None
            self.start()
            self._warn()
        return Client(self.paths.socket, timeout)

    def start(self) -> protocol.Version:
        """Start a daemon, or join the one that another client starts now.

        Raises:
            SticliError: unreachable, with the last line of the log; before that what is wrong
                with a folder or a setting.
        """
        from sticli import config  # reads TOML: too slow to load for nothing

        check_socket_path(self.paths.socket)
        prepare(self.paths)
        config.load(self.paths.config_file)
        if user := _behind_sudo():
            self.note(f"under sudo: this daemon is not {user}'s, and knows none of their sessions")
        self.note(f"starting the daemon (log: {self.paths.log})")
        try:
            process = spawn(self.paths, self.arguments)
        except OSError as error:  # no memory, no processes, a full disk: it may pass
            raise SticliError(
                "unreachable", f"the daemon cannot be started: {error}", "`sticli doctor` looks why"
            ) from None
        return wait(self.paths, process)

    def _warn(self) -> None:
        """Say what the daemon met as it started: a damaged store, for one."""
        client = Client(self.paths.socket, HANDSHAKE)
        try:
            if found := client.status().last_error:
                self.note(found)
        finally:
            client.close()


def shake_hands(paths: Paths, seconds: float = HANDSHAKE) -> protocol.Version:
    """What the running daemon says it is.

    Raises:
        SticliError: unreachable, version_mismatch, permission, timeout.
    """
    check_socket_path(paths.socket)
    client = Client(paths.socket, seconds)
    try:
        found = client.version()
    finally:
        client.close()
    if found.protocol != protocol.PROTOCOL:
        raise SticliError(
            "version_mismatch",
            f"the daemon speaks protocol {found.protocol}, this program {protocol.PROTOCOL}",
            RESTART,
        )
    return found


def command(arguments: tuple[str, ...] = ()) -> list[str]:
    """The command line of the daemon."""
    return [sys.executable, "-P", "-m", "sticli.daemon", *arguments]


def spawn(
    paths: Paths, arguments: tuple[str, ...] = (), environ: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """A daemon of its own session, with nothing of ours but the log as stderr."""
    import subprocess

    make_private(paths.state)
    with open(paths.log, "ab", opener=_private) as log:
        return subprocess.Popen(
            command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd="/",
            env=rooted(os.environ if environ is None else environ),
            start_new_session=True,
        )


def end(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """End a daemon that was spawned: asked to, and killed where that takes longer than `seconds`.

    It may have no socket yet.
    """
    import subprocess

    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait(paths: Paths, process: "subprocess.Popen[bytes]") -> protocol.Version:
    """The handshake with whichever daemon wins the start.

    Raises:
        SticliError: unreachable, with the last line of the log.
    """
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        try:
            return shake_hands(paths)
        except SticliError as error:
            if error.code != "unreachable":
                raise
        if process.poll() not in (None, 0) and not held(paths):
            break  # it failed, and nobody else is starting
        time.sleep(0.02)
    raise SticliError(
        "unreachable", f"the daemon did not start: {last_line(paths)}", f"see {paths.log}"
    )


def leave(pid: int, seconds: float) -> bool:
    """Wait until a process has ended; False when it still runs after `seconds`."""
    import select

    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def last_line(paths: Paths) -> str:
    """What the last line of the daemon's log says."""
    try:
        with open(paths.log, "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            lines = log.read().decode("utf-8", "replace").split("\n")
    except OSError as error:
        return f"its log cannot be read ({error.strerror})"
    last = next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")
    return last[found.end() :] if (found := STAMP.match(last)) else last


def holder(paths: Paths) -> tuple[int, Path | None]:
    """The process that last took the lock, and where it listens, as it has written down."""
    try:
        pid, *rest = paths.lock.read_text("utf-8", "surrogateescape").split("\n")
    except OSError:
        return 0, None
    return int(pid) if pid.isdecimal() else 0, Path(rest[0]) if rest and rest[0] else None


def _behind_sudo(environ: Mapping[str, str] = os.environ) -> str:
    """Who called sudo to be somebody else; empty: nobody did."""
    other = environ.get("SUDO_UID", str(os.geteuid())) != str(os.geteuid())
    return environ.get("SUDO_USER") or "the caller" if other else ""


def held(paths: Paths) -> bool:
    """Whether some daemon holds the lock: then it is the one to wait for."""
    import fcntl

    try:
        with open(paths.lock, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def asleep(paths: Paths) -> bool:
    """Whether a service manager's socket is there and no daemon: to connect would start one."""
    return awaited(str(paths.socket)) and paths.socket.is_socket() and not held(paths)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def not_running(paths: Paths) -> SticliError:
    """That there is no daemon, and none is to be started."""
    return SticliError(
        "unreachable",
        f"no daemon answers at {paths.socket}",
        "start it with `sticli daemon start`, or leave out --no-autostart",
    )
