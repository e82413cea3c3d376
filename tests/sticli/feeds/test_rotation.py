"""Where a rotated log is found: under the names of rotation only, the oldest first."""

import os
from pathlib import Path

from sticli.feeds.place import at
from sticli.feeds.rotation import after, chain, find
from sticli.feeds.tail import opened


def test_numbers_count_backwards_and_dates_forwards() -> None:
    names = [
        "log",
        "log.1",
        "log.10",
        "log.2",
        "log.2.gz",
        "log.bak",
        "blog.1",
        "log.1~",
        "log.old",
    ]
    assert chain("log", names) == ["log.10", "log.2", "log.1"]
    dates = ["app-20261122", "app-20261121", "app-2026-11-20.1", "app-x", "app"]
    assert chain("app", dates) == ["app-2026-11-20.1", "app-20261121", "app-20261122"]


def test_a_place_is_found_by_content_where_the_inode_is_another(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntwo\nthree\n")
    place = at(opened(log).file, 8)
    (tmp_path / "log.2").write_bytes(b"one\nTWO\nthree\n")
    (tmp_path / "log.3").write_bytes(b"one\ntwo\n")
    log.write_bytes(b"four\nfive\nsix\n")
    found = find(log, place)
    assert found
    assert (found.read(0), found.offset) == (b"", 8)  # of log.3, which holds no more
    (tmp_path / "log.3").unlink()
    assert find(log, place) is None


def test_nothing_older_follows(tmp_path: Path) -> None:
    """A copy under an odd number does not make what is older come again."""
    log = tmp_path / "log"
    (tmp_path / "log.1").write_bytes(b"older\n")
    copy = tmp_path / "log.2"
    copy.write_bytes(b"newer\n")
    log.write_bytes(b"newest\n")
    os.utime(tmp_path / "log.1", ns=(0, 0))
    tail = opened(copy)
    following = after(log, tail, tail.place(0))
    assert following
    assert following.read(0) == b"newest\n"
