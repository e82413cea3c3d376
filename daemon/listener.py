"""The daemon's socket in the file system: bound privately, removed only while it is ours.

Only the holder of the lock calls this, so what lies there is nobody's any more.
"""

import os
import socket
import stat
from pathlib import Path

from sticli.errors import SticliError
from sticli.paths import check_socket_path

BACKLOG = 512


def bind(path: Path) -> socket.socket:
    """A listening socket of mode 0600, in place of a stale one.

    Raises:
        SticliError: the path is too long, or something else than a socket lies there.
    """
    check_socket_path(path)
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise SticliError("permission", f"cannot bind {path}: {error.strerror}") from error
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
