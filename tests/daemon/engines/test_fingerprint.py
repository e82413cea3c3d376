"""The hash of a model file and its memory."""

import hashlib
import os
from pathlib import Path

import pytest

from sticli.daemon.engines import fingerprint
from sticli.errors import SticliError


def test_the_hash_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    file, cache = tmp_path / "model", tmp_path / "cache" / "models.json"
    file.write_bytes(b"one")
    one = fingerprint.sha256(file, cache)
    assert one == hashlib.sha256(b"one").hexdigest()
    info = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert fingerprint.sha256(file, cache) == one  # same size and time: taken from memory
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns + 1))
    assert fingerprint.sha256(file, cache) == hashlib.sha256(b"two").hexdigest()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"x": 1}', b"\xff\xfe"])
def test_a_damaged_cache_is_replaced(tmp_path: Path, content: bytes) -> None:
    file, cache = tmp_path / "model", tmp_path / "models.json"
    file.write_bytes(b"one")
    cache.write_bytes(content)
    assert fingerprint.sha256(file, cache) == hashlib.sha256(b"one").hexdigest()
    assert str(file) in cache.read_text()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "model"
    file.write_bytes(b"one")
    assert fingerprint.sha256(file, file / "models.json") == hashlib.sha256(b"one").hexdigest()


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SticliError, match="no such file"):
        fingerprint.sha256(tmp_path / "none", tmp_path / "models.json")
