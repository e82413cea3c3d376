"""Finds what a session held at a version or a time."""

import sqlite3
import time
from bisect import bisect_right

from sticli.daemon.disk import journal
from sticli.daemon.disk.records import Moment, SessionRecord
from sticli.errors import SticliError
from sticli.protocol import At


def find(database: sqlite3.Connection, record: SessionRecord, at: At, now: float) -> Moment:
    """The session as it was at a version, or at a time (seconds since the epoch).

    Raises:
        SticliError: it did not exist then, or does not yet.
    """
    count, newest = journal.numbers(database, record.uid)
    if at.version is not None:
        if not 0 <= at.version <= newest:
            raise _no_version(record.name, at.version, newest)
        return _until(database, record.uid, count, 0, at.version)
    # The clock may have been set back since.
    began = min(now, record.created, _stamp(database, record.uid, 0)[1] if count else now)
    if at.time is None or not began <= at.time <= now:
        raise _no_time(record.name, at.time or 0.0, began, now)
    return _until(database, record.uid, count, 1, at.time)


def _until(database: sqlite3.Connection, uid: str, count: int, field: int, most: float) -> Moment:
    """All lines whose version (field 0) or time (field 1) is at most this; both only grow."""
    lines = bisect_right(range(count), most, key=lambda line: _stamp(database, uid, line)[field])
    return Moment(_stamp(database, uid, lines - 1)[0] if lines else 0, lines)


def _stamp(database: sqlite3.Connection, uid: str, line: int) -> tuple[int, float]:
    """Version and time of a line (from 0)."""
    row = database.execute(
        "SELECT version, at FROM batches WHERE session = ? AND first <= ?"
        " ORDER BY first DESC LIMIT 1",
        (uid, line),
    ).fetchone()
    if row is None:  # erased since its numbers were read
        raise journal.gone()
    return int(row[0]), float(row[1])


def _no_version(name: str, version: int, newest: int) -> SticliError:
    return SticliError(
        "bad_request",
        f"there is no version {version} of session {name!r}: it has 0 to {newest}",
        "`sticli log --json` shows each line's version and time",
    )


def _no_time(name: str, wanted: float, began: float, now: float) -> SticliError:
    return SticliError(
        "bad_request",
        f"session {name!r} is known from {_clock(began, now)} to {_clock(now, now)},"
        f" not at {_clock(wanted, now)}",
        "`sticli log --json` shows each line's version and time",
    )


def _clock(seconds: float, now: float) -> str:
    """Local time, with its date where that is not today's."""
    try:
        found, today = time.localtime(seconds), time.localtime(now)
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g}"
    form = "%H:%M:%S" if found[:3] == today[:3] else "%Y-%m-%d %H:%M:%S"
    return time.strftime(form, found)
