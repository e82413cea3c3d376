"""The daemon's socket in the file system: bound privately, removed only while it is ours.

Only the holder of the lock calls this, so what lies there is nobody's any more.
"""

import os
import socket
import stat
from collections.abc import MutableMapping
from pathlib import Path

from sticli.daemon.lock import answers
from sticli.errors import SticliError
from sticli.paths import check_socket_path

BACKLOG = 512
HANDED = 3  # the first descriptor of a service manager: sd_listen_fds(3)


def handed(environ: MutableMapping[str, str], path: Path) -> socket.socket | None:
    """The listening socket that a service manager made for this process; None: there is none.

    No child hears of it, and nobody here may unlink it.

    Raises:
        SticliError: what was handed over is something else than the socket of this path.
    """
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if not count or pid != str(os.getpid()):
        return None
    if count != "1":
        raise _foreign(f"{count} sockets came, one was due")
    try:
        plug = socket.socket(fileno=HANDED)
    except OSError as error:
        raise _foreign(f"descriptor {HANDED} is no socket: {error.strerror}") from error
    if reason := _unfit(plug, path):
        plug.detach()
        raise _foreign(reason)
    plug.set_inheritable(False)
    plug.setblocking(False)
    return plug


def _unfit(plug: socket.socket, path: Path) -> str:
    """Why a socket is not the one of this path; empty where it is."""
    if plug.family != socket.AF_UNIX or plug.type != socket.SOCK_STREAM:
        return "it is no Unix stream socket"
    if not plug.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "it does not listen"
    name = os.fsdecode(plug.getsockname())
    if name and os.path.realpath(name) == os.path.realpath(path):
        return ""
    return f"it is {name or 'without a name'}, and clients look for {path}"


def _foreign(reason: str) -> SticliError:
    return SticliError(
        "bad_request",
        f"the service manager's socket cannot be served: {reason}",
        "`sticli daemon install-service` writes units that fit; STICLI_HOME and STICLI_SOCKET must"
        " be the same there and here",
    )


def bind(path: Path) -> socket.socket:
    """A listening socket of mode 0600, in place of a stale one.

    Raises:
        SticliError: the path is too long, or something else than a socket lies there.
    """
    check_socket_path(path)
    if answers(path):
        raise SticliError(
            "exists",
            f"somebody listens at {path} already: a service manager, which starts the daemon by"
            " itself",
            "any command starts it; or first `systemctl --user stop sticli.socket`",
        )
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise SticliError(
            "permission", f"cannot bind {path}: {error.strerror}", "set STICLI_SOCKET to another"
        ) from error
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of what lies there; None when nothing does."""
    try:
        info = path.lstat()
    except OSError:
        return None
    return info.st_dev, info.st_ino


def remove(path: Path, ours: tuple[int, int] | None) -> None:
    """Unlink the socket, unless somebody else's lies there by now."""
    if ours is not None and identity(path) == ours:
        path.unlink()


def _clear(path: Path) -> None:
    try:
        info = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(info.st_mode):
        raise SticliError(
            "permission", f"{path} is not a socket", "move it away, or set STICLI_SOCKET"
        )
    path.unlink()
