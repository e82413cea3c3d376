"""Folders: may we write there, is there room, is it the right kind of disk, whose are they."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from sticli.doctor.check import Check, judged
from sticli.errors import SticliError
from sticli.paths import Paths, check_socket_path
from sticli.render import age, size

ROOM = 256 << 20  # bytes that journal and snapshots should find free
FAR = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "ceph", "lustre", "beegfs", "glusterfs"),
    *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs"),
}
AHEAD = 60.0  # seconds by which a file may be newer than now
MOUNTS = Path("/proc/self/mountinfo")


def checks(where: Paths) -> Iterator[Check]:
    """The folders of one home."""
    for name in ("config", "data", "cache", "state"):
        yield _folder(name, getattr(where, name))
    yield _socket(where.socket)
    yield from _room(where)
    yield _disk(where.data)
    yield _clock(where)


def _folder(name: str, folder: Path) -> Check:
    place = _there(folder)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        advice = f"{place} is not a folder that you may write to: change its owner or mode"
        return Check(name, False, str(folder), advice)
    if place == folder and name != "config" and folder.stat().st_uid != os.geteuid():
        advice = f"{folder} belongs to another user: was it made under sudo? `sudo chown` it back"
        return Check(name, False, str(folder), advice)
    return Check(name, True, str(folder))


def _socket(socket: Path) -> Check:
    advice = f"make {socket.parent} a folder of yours, mode 0700"
    try:
        check_socket_path(socket)
        info = socket.parent.lstat()
    except SticliError as error:
        return Check("socket", False, error.message, error.hint)
    except FileNotFoundError:
        return Check("socket", True, f"{socket} (its folder is made on the first start)")
    except OSError as error:
        return Check("socket", False, f"{socket.parent}: {error.strerror}", "see the folders above")
    ours = stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid()
    if not ours or stat.S_IMODE(info.st_mode) & 0o077:
        return Check("socket", False, str(socket), advice)
    if socket.exists() and not socket.is_socket():
        advice = "move it away, or set STICLI_SOCKET"
        return Check("socket", False, f"{socket} is no socket", advice)
    if socket.is_socket() and stat.S_IMODE(socket.stat().st_mode) & 0o077:
        advice = f"others may not open it anyway; `chmod 600 {socket}` or restart the daemon"
        return Check("socket", True, f"{socket} is open to others by its mode", advice)
    return Check("socket", True, str(socket))


def _room(where: Paths) -> Iterator[Check]:
    """One finding a disk: a full one stops appends, or snapshots only."""
    seen: set[int] = set()
    for folder in (where.data, where.cache, where.state):
        place = _there(folder)
        device = place.stat().st_dev
        if device not in seen:
            seen.add(device)
            free = shutil.disk_usage(place).free
            advice = f"make room: below {size(ROOM)} lines and snapshots may soon be refused"
            yield judged("disk", free >= ROOM, f"{size(free)} free at {place}", advice)


def _disk(folder: Path, mounts: str | None = None) -> Check:
    """Whether the journal lies on a disk of this machine: SQLite's locks need one."""
    place = os.path.realpath(_there(folder))
    text = MOUNTS.read_text("utf-8", "replace") if mounts is None and MOUNTS.exists() else mounts
    kind = _kind(place, text or "")
    advice = (
        "locks and shared memory do not work there, and the journal may be damaged: set STICLI_HOME"
        " or XDG_DATA_HOME to a local disk"
    )
    return judged("journal's disk", kind not in FAR, f"{kind or 'unknown'} at {folder}", advice)


def _kind(place: str, mounts: str) -> str:
    """The file system that a path lies on: of the mount points above it the longest."""
    best = ("", "")
    for line in mounts.splitlines():
        fields = line.split()
        if "-" not in fields:
            continue
        point = fields[4].encode().decode("unicode_escape")
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):  # a later mount hides an earlier one
            best = (point, fields[fields.index("-") + 1])
    return best[1]


def _clock(where: Paths) -> Check:
    """Whether the clock went back since we last wrote."""
    newest = 0.0
    for file in (where.database, where.log, where.lock):
        if file.exists():
            newest = max(newest, file.stat().st_mtime)
    ahead = newest - time.time()
    advice = (
        "the clock was set back: `--at` and `--since` by time miss what was appended before;"
        " versions and line numbers stay right"
    )
    found = f"our files are {age(ahead)} ahead of it" if ahead > AHEAD else "no step seen"
    return judged("clock", ahead <= AHEAD, found, advice)


def _there(folder: Path) -> Path:
    """The nearest folder that exists."""
    return next(parent for parent in (folder, *folder.parents) if os.path.exists(parent))
