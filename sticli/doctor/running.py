"""The daemon that runs, or does not: whom the lock, the socket and the service speak of.

Nothing here starts a daemon: where only a service manager listens, nobody connects.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from sticli import __version__, service
from sticli.client import Client
from sticli.doctor.check import Check
from sticli.errors import SticliError
from sticli.launch import HANDSHAKE, asleep, held, holder, shake_hands
from sticli.paths import Paths
from sticli.protocol import Status
from sticli.render import age

ANSWER = 1.5  # seconds that a daemon which is well needs at most
SKEW = 60.0  # seconds


def checks(where: Paths) -> Iterator[Check]:
    """What is so of lock, socket, daemon, worker and service."""
    yield from _service(where)
    if not held(where):
        yield _absent(where)
        yield from _elsewhere(where)
        return
    pid, socket = holder(where)
    if socket and socket != where.socket:
        yield _apart(where, pid, socket)
        return
    if not where.socket.exists():
        advice = f"`kill {pid}`, then any command starts a new one; what was accepted is safe"
        found = f"it runs (pid {pid}), but its socket {where.socket} is gone, cleaned away maybe"
        yield Check("daemon", False, found, advice)
        return
    yield from _daemon(where, pid)


def _absent(where: Paths) -> Check:
    if asleep(where):
        return Check("daemon", True, "asleep: the next command lets systemd start it")
    if service.installed(where) and not where.socket.exists():
        advice = f"`systemctl --user start {service.SOCKET}` brings the socket of the service back"
        return Check("daemon", True, "not running, and systemd does not listen", advice)
    if where.socket.is_socket():
        return Check("daemon", True, "not running; it left its socket behind, which does no harm")
    return Check("daemon", True, "not running (it starts on first use)")


def _apart(where: Paths, pid: int, socket: Path) -> Check:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    why = "" if runtime else ", for XDG_RUNTIME_DIR is not set here (cron, ssh, sudo, a container?)"
    found = f"it runs (pid {pid}) at {socket}; commands from here look for {where.socket}{why}"
    advice = f"`export STICLI_SOCKET={socket}` here"
    if socket.parent.parent == Path(f"/run/user/{os.getuid()}"):
        advice = f"`export XDG_RUNTIME_DIR={socket.parent.parent}` here"
    return Check("daemon", False, found, advice)


def _elsewhere(where: Paths) -> Iterator[Check]:
    """Sockets where a daemon would listen under another environment."""
    temporary = Path(os.environ.get("TMPDIR", "/tmp")) / f"sticli-{os.getuid()}"
    for folder in (Path(f"/run/user/{os.getuid()}/sticli"), temporary):
        socket = folder / where.socket.name
        try:
            other = socket != where.socket and socket.is_socket()
        except OSError:
            continue
        if other:
            advice = f"`export STICLI_SOCKET={socket}` lets commands from here use it"
            yield Check("another socket", True, f"{socket} is there, for other settings", advice)


def _daemon(where: Paths, pid: int) -> Iterator[Check]:
    try:
        found = shake_hands(where, ANSWER)
        client = Client(where.socket, HANDSHAKE)
        try:
            status = client.status()
        finally:
            client.close()
    except SticliError as error:
        yield _unanswered(where, pid, error)
        return
    advice = ""
    if found.version != __version__:
        advice = f"this program is {__version__}: `sticli daemon restart` brings both together"
    said = f"version {found.version}, pid {found.pid}, up {age(time.time() - found.started)}"
    if found.started > time.time() + SKEW:
        advice = "the clock was set back since it started: what it says of times is off"
    yield Check("daemon", True, said, advice)
    yield _worker(status)


def _unanswered(where: Paths, pid: int, error: SticliError) -> Check:
    """Why a daemon that holds the lock does not answer."""
    if error.code not in ("unreachable", "timeout"):
        return Check("daemon", False, error.message, error.hint)
    since = time.time() - where.lock.stat().st_mtime
    found = f"it runs (pid {pid}, up {age(since)}) and does not answer"
    if since < HANDSHAKE:
        return Check("daemon", True, found, "it is just starting or stopping: look again")
    advice = f"`sticli daemon logs` may say why; `kill {pid}` ends it, and `kill -9 {pid}` if not"
    return Check("daemon", False, found, f"{advice}; what was accepted is safe")


def _worker(status: Status) -> Check:
    """How the model's process is; what went wrong of late is worth a look."""
    again = "`sticli daemon restart` starts it afresh, `sticli daemon logs` says more"
    said = f"{status.worker}; last error: {status.last_error}" if status.last_error else ""
    if status.worker == "stopped":
        failure = status.failure
        said = f"stopped: {failure.message}" if failure else said
        return Check("worker", False, said, (failure and failure.hint) or again)
    if status.worker == "backoff":
        return Check("worker", False, said or "it died and is started again", again)
    return Check("worker", not status.last_error, said or status.worker, again if said else "")


def _service(where: Paths) -> Iterator[Check]:
    """Whether the units of the service fit what is here."""
    folder = service.folder()
    unit = folder / service.SERVICE
    command = service.named(unit, "ExecStart")
    if command is None:
        return
    again = "`sticli daemon install-service` writes it anew"
    interpreter = service.program(command)
    if interpreter and not os.access(interpreter, os.X_OK):
        found = f"{unit} starts {interpreter}, which is not there any more"
        yield Check("service", False, found, f"{again}, from the installation that you use now")
    elif not service.installed(where):
        there = service.named(folder / service.SOCKET, "ListenStream")
        found = f"it listens at {there}; commands from here look for {where.socket}"
        yield Check("service", False, found, f"{again}; or set STICLI_HOME and STICLI_SOCKET alike")
    elif service.failed():
        found = "systemd has given it up"
        advice = "`systemctl --user status sticli.service` says why; `systemctl --user reset-failed"
        yield Check("service", False, found, f"{advice} && systemctl --user start sticli.socket`")
    else:
        yield Check("service", True, str(unit))
