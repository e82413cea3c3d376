"""Snapshot files: what was written comes back, and nothing else is believed."""

import errno
import os
from pathlib import Path

import pytest

from sticli.daemon.worker.snapshot import KEPT, Corrupt, Header, Snapshots, load_key

HEADER = Header("sha", "fake", {"kv": "f16"}, 0, [1, 2, 3], [2, 1], [0.5, 0.25])
PAYLOAD = bytes(range(256)) * 3


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    found = Snapshots(tmp_path / "snapshots", b"k" * 32)
    found.write("s", "u", HEADER, PAYLOAD)
    return found


def test_comes_back_and_is_private(snapshots: Snapshots) -> None:
    path = snapshots.path("s", "u")
    assert snapshots.read("s", "u") == (HEADER, PAYLOAD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_every_byte_counts(snapshots: Snapshots) -> None:
    path = snapshots.path("s", "u")
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(Corrupt):
            snapshots.read("s", "u")


def test_every_length_counts(snapshots: Snapshots) -> None:
    path = snapshots.path("s", "u")
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(Corrupt):
            snapshots.read("s", "u")
    path.write_bytes(good + b"\0")
    with pytest.raises(Corrupt):
        snapshots.read("s", "u")


def test_another_key_is_refused(snapshots: Snapshots) -> None:
    other = Snapshots(snapshots.path("s", "u").parent, b"o" * 32)
    with pytest.raises(Corrupt):
        other.read("s", "u")


def test_a_full_disk_leaves_the_old_snapshot(
    snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        snapshots.write("s", "u", HEADER, b"new")
    assert snapshots.read("s", "u") == (HEADER, PAYLOAD)
    assert len(list(snapshots.path("s", "u").parent.iterdir())) == 1


def test_what_a_crash_left_is_swept(snapshots: Snapshots) -> None:
    folder = snapshots.path("s", "u").parent
    (folder / "s-u.tmp").write_bytes(b"half")
    Snapshots(folder, b"k" * 32)
    assert [path.name for path in folder.iterdir()] == ["s-u.kv"]


def test_the_newest_damaged_files_are_kept(snapshots: Snapshots) -> None:
    folder = snapshots.path("s", "u").parent
    for n in range(KEPT + 3):
        snapshots.write(f"s{n}", "u", HEADER, PAYLOAD)
        os.utime(snapshots.path(f"s{n}", "u"), (n, n))
        snapshots.quarantine(f"s{n}", "u")
    names = {path.name for path in (folder / "corrupt").iterdir()}
    assert names == {f"s{n}-u.kv" for n in range(3, KEPT + 3)}


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "key"
    key = load_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path) == key


@pytest.mark.parametrize("spoil", ["short", "open", "link"])
def test_a_key_that_cannot_be_trusted_is_made_anew(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "key"
    key = load_key(path)
    if spoil == "short":
        path.write_bytes(key[:5])
    elif spoil == "open":
        path.chmod(0o644)
    else:
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError):
            load_key(path)
        return
    assert load_key(path) != key
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_the_snapshots_of_sessions_that_exist_are_kept(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, b"k" * 32)
    for uid in ("a1", "b2"):
        (tmp_path / f"my-session-{uid}.kv").touch()
    snapshots.keep(["b2"])
    assert [path.name for path in tmp_path.glob("*.kv")] == ["my-session-b2.kv"]


def test_the_least_recently_used_make_room_and_some_go_last(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, b"k" * 32)
    for n, uid in enumerate(("p", "a", "b", "c")):
        snapshots.write("s", uid, HEADER, PAYLOAD)
        os.utime(snapshots.path("s", uid), (n, n))
    size = snapshots.bytes() // 4
    snapshots.touch("s", "a")
    snapshots.trim(3 * size, {"p"})
    assert {path.stem for path in tmp_path.glob("*.kv")} == {"s-p", "s-a", "s-c"}
    snapshots.trim(size + size // 2, {"p"})
    assert [path.stem for path in tmp_path.glob("*.kv")] == ["s-p"]
    snapshots.trim(0, {"p"})
    assert snapshots.bytes() == 0


def test_a_folder_that_was_deleted_comes_back(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "kv", b"k" * 32)
    (tmp_path / "kv").rmdir()
    snapshots.write("s", "u", HEADER, b"cells")
    assert snapshots.read("s", "u")[1] == b"cells"


def test_what_cannot_be_deleted_is_left(snapshots: Snapshots) -> None:
    (snapshots.path("t", "v") / "x").mkdir(parents=True)
    snapshots.trim(0, ())
    assert not snapshots.exists("s", "u")
