"""Snapshot files: cells for a list of token ids, untrusted until magic, MAC and length match.

Layout: magic, format, header length; header (msgpack); payload; BLAKE2b of all that, keyed.
"""

import contextlib
import hashlib
import hmac
import logging
import os
import stat
import struct
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from sticli.daemon.engines.base import State

MAGIC = b"sticliKV"
FORMAT = 1
KEPT = 4  # damaged files kept for a look
_FIXED = struct.Struct("<8sII")
_MAC = 32
_KEY = 32

log = logging.getLogger(__name__)


class Corrupt(Exception):
    """A snapshot that is not what was written; the message says why."""


class Header(msgspec.Struct, frozen=True):
    """What the payload is."""

    model: str  # sha256 of its file
    engine: str
    layout: dict[str, str]  # settings of the engine that decide how cells are laid out
    window_from: int
    tokens: list[int]
    top: list[int]  # likeliest tokens after the last one
    logits: list[float]  # and their logits
    slid: bool = False  # the cells are not those of a fresh prefill: the only copy of what they are


class Snapshots:
    """The snapshot files of one folder, one a session."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left_over in folder.glob("*.tmp"):
                left_over.unlink()

    def path(self, session: str, uid: str) -> Path:
        return self._folder / f"{session}-{uid}.kv"

    def exists(self, session: str, uid: str) -> bool:
        return self.path(session, uid).is_file()

    def write(self, session: str, uid: str, header: Header, payload: State) -> None:
        """Replace the session's snapshot, atomically and durably.

        Raises:
            OSError: the disk is full, or the folder cannot be written; the old file stands.
        """
        path = self.path(session, uid)
        temporary = path.with_suffix(".tmp")
        body = msgspec.msgpack.encode(header)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it may be deleted
            with open(os.open(temporary, _CREATE, 0o600), "wb") as file:
                mac = hashlib.blake2b(key=self._key, digest_size=_MAC)
                for part in (_FIXED.pack(MAGIC, FORMAT, len(body)), body, payload):
                    mac.update(part)
                    file.write(part)
                file.write(mac.digest())
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(self._folder)

    def read(self, session: str, uid: str) -> tuple[Header, bytes]:
        """The verified header and payload.

        Raises:
            Corrupt: the file is not exactly what was written with this key.
            OSError: it cannot be read.
        """
        with self.path(session, uid).open("rb") as file:
            return self._verified(file, os.fstat(file.fileno()).st_size)

    def _verified(self, file: BinaryIO, size: int) -> tuple[Header, bytes]:
        mac = hashlib.blake2b(key=self._key, digest_size=_MAC)
        fixed = _take(file, _FIXED.size, mac)
        magic, version, length = _FIXED.unpack(fixed)
        if magic != MAGIC or version != FORMAT:
            raise Corrupt("not a snapshot of this format")
        rest = size - _FIXED.size - _MAC - length
        if rest < 0:
            raise Corrupt("cut short")
        body = _take(file, length, mac)
        payload = _take(file, rest, mac)
        if not hmac.compare_digest(mac.digest(), file.read(_MAC)):
            raise Corrupt("its checksum does not match")
        try:
            return msgspec.msgpack.decode(body, type=Header), payload
        except msgspec.DecodeError:
            raise Corrupt("its header does not hold what it should") from None

    def quarantine(self, session: str, uid: str) -> None:
        """Move a damaged file out of the way; the newest few are kept."""
        path, folder = self.path(session, uid), self._folder / "corrupt"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            path.replace(folder / path.name)
            kept = sorted(folder.iterdir(), key=lambda item: item.stat().st_mtime)
            for old in kept[:-KEPT]:
                old.unlink()
        except OSError as error:
            log.warning("cannot move a damaged snapshot away: %s", error.strerror)
            self.remove(session, uid)

    def touch(self, session: str, uid: str) -> None:
        """The snapshot was used: others go first."""
        with contextlib.suppress(OSError):
            os.utime(self.path(session, uid))

    def bytes(self) -> int:
        """What all snapshots take."""
        return sum(size for _, size, _ in self._files())

    def trim(self, budget: int, last: Collection[str]) -> None:
        """Forget snapshots, least recently used first, until `budget` bytes hold the others;
        those of the uids in `last` only after all others."""
        files = self._files()
        left = sum(size for _, size, _ in files)
        files.sort(key=lambda item: (item[2].stem.rpartition("-")[2] in last, item[0]))
        for _, size, path in files:
            if left <= budget:
                return
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                left -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each was used last, how many bytes it has, and its path."""
        found = []
        for path in self._folder.glob("*.kv"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found

    def remove(self, session: str, uid: str) -> None:
        """Forget the snapshot, if there is one."""
        with contextlib.suppress(OSError):
            self.path(session, uid).unlink()

    def keep(self, uids: Iterable[str]) -> None:
        """Forget the snapshots of every other uid."""
        known = set(uids)
        for path in self._folder.glob("*.kv"):
            name, _, uid = path.stem.rpartition("-")
            if uid not in known:
                self.remove(name, uid)

    def sweep(self, session: str, keep: str = "") -> None:
        """Forget the snapshots of all bearers of the name but the one with the uid `keep`."""
        for path in self._folder.glob(f"{session}-*.kv"):
            name, _, uid = path.stem.rpartition("-")  # a uid holds no hyphen, a name may
            if name == session and uid != keep:
                self.remove(session, uid)


_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW


def _take(file: BinaryIO, count: int, mac: hashlib.blake2b) -> bytes:
    """Exactly `count` bytes, added to the MAC."""
    data = file.read(count)
    if len(data) != count:
        raise Corrupt("cut short")
    mac.update(data)
    return data


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load_key(path: Path) -> bytes:
    """The user's key; made when missing, and anew when it is not private or not whole.

    Raises:
        OSError: it can be neither read nor made.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return _new_key(path)
    with open(descriptor, "rb") as file:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        key = file.read(_KEY + 1)
    if len(key) == _KEY and not mode & 0o077:
        return key
    path.unlink()
    return _new_key(path)


def _new_key(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = os.urandom(_KEY)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    return key
