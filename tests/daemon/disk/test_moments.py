"""What a session held at a version or a time, and what is said of moments that it does not have."""

import time
from pathlib import Path

import pytest

from sticli.daemon.disk import moments
from sticli.daemon.disk.database import connect
from sticli.daemon.disk.records import Moment, SessionRecord
from sticli.daemon.store import Store
from sticli.errors import SticliError
from sticli.protocol import At

NOW = time.mktime((2026, 5, 4, 12, 0, 0, 0, 0, -1))
RECORD = SessionRecord("u", "feed", None, None, NOW - 100, NOW)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """Batches of 1, 2, 3… lines, versions 1, 2, 3…, 10 seconds apart."""
    file = tmp_path / "s.db"
    store = Store(file, "normal")
    await store.create(RECORD)
    for version in range(1, 9):
        await store.append("u", "", 0, ["x"] * version)
    await store.close()
    database = connect(file, "normal")
    database.execute("UPDATE batches SET at = ? + 10 * version", (NOW - 100,))
    database.close()
    return file


def find(path: Path, at: At, record: SessionRecord = RECORD) -> Moment:
    database = connect(path, "normal")
    try:
        return moments.find(database, record, at, NOW)
    finally:
        database.close()


def test_versions_and_times_find_whole_batches(path: Path) -> None:
    for version in range(9):
        lines = version * (version + 1) // 2
        assert find(path, At(version=version)) == Moment(version, lines)
        assert find(path, At(time=NOW - 100 + 10 * version)) == Moment(version, lines)
        assert find(path, At(time=NOW - 91 + 10 * version)) == Moment(version, lines)
    assert find(path, At(time=NOW)) == Moment(8, 36)


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (At(version=9), "no version 9 of session 'feed': it has 0 to 8"),
        (At(version=-1), "no version -1"),
        (At(time=NOW - 101), "from 11:58:20 to 12:00:00, not at 11:58:19"),
        (At(time=NOW + 1), "not at 12:00:01"),
        (At(time=NOW - 86400), "not at 2026-05-03 12:00:00"),
        (At(time=1e300), "1e+300"),
    ],
)
def test_other_moments_are_refused_with_what_there_is(path: Path, at: At, says: str) -> None:
    with pytest.raises(SticliError, match="feed") as caught:
        find(path, at)
    assert caught.value.code == "bad_request"
    assert says in caught.value.message


async def test_an_empty_session_has_version_0(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    await store.create(RECORD)
    assert await store.moment(RECORD, At(version=0)) == Moment(0, 0)
    assert await store.moment(RECORD, At(time=RECORD.created)) == Moment(0, 0)
    await store.close()


async def test_a_clock_that_was_set_back_leaves_times_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, now = tmp_path / "s.db", [NOW]
    store = Store(file, "normal")
    monkeypatch.setattr("sticli.daemon.store.time.time", lambda: now[0])
    await store.create(RECORD)
    for moved in (0, -3600, 7200):
        now[0] += moved
        await store.append("u", "", 0, ["x"])
    await store.close()
    monkeypatch.undo()
    assert find(file, At(time=NOW)) == Moment(2, 2)
    assert find(file, At(time=NOW - 1)) == Moment(0, 0)


def test_a_session_of_a_time_to_come_is_there_now(path: Path) -> None:
    later = SessionRecord("u", "feed", None, None, NOW + 1000, NOW)
    database = connect(path, "normal")
    database.execute("UPDATE batches SET at = ?", (NOW + 1000,))
    database.close()
    assert find(path, At(time=NOW), later) == Moment(0, 0)
