"""The hash of a model file, remembered until its size or time of change differ."""

import contextlib
import hashlib
from pathlib import Path

import msgspec

from sticli.models.header import refusal


class _Known(msgspec.Struct, frozen=True):
    size: int
    mtime_ns: int
    sha256: str


def sha256(path: Path, cache: Path) -> str:
    """The file's hash in hex; `cache` is a JSON file that may be lost at any time.

    Raises:
        SticliError: the file cannot be read.
    """
    try:
        info = path.stat()
        known = _read(cache)
        found = known.get(str(path))
        if found and (found.size, found.mtime_ns) == (info.st_size, info.st_mtime_ns):
            return found.sha256
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise refusal(path, (error.strerror or str(error)).lower()) from None
    known[str(path)] = _Known(info.st_size, info.st_mtime_ns, digest)
    with contextlib.suppress(OSError):  # without a cache the next start hashes again
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_bytes(msgspec.json.encode(known))
    return digest


def _read(cache: Path) -> dict[str, _Known]:
    try:
        return msgspec.json.decode(cache.read_bytes(), type=dict[str, _Known])
    except (OSError, msgspec.MsgspecError):
        return {}
