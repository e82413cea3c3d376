"""Saves what is readable of a damaged store into a fresh one; the damaged file is kept aside."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sticli.daemon.disk.migrations import TABLES

SIDES = ("", "-wal", "-shm")
NONSENSE = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)


def salvage(path: Path, create: Callable[[Path], sqlite3.Connection]) -> str:
    """Copy what is readable, put the copy in the file's place, and say so in one line."""
    part = path.with_name(f"{path.name}.part")
    _remove(part)
    fresh = create(part)
    try:
        counts = {table: _copy(path, fresh, table) for table in TABLES}
        _mend(fresh)
    finally:
        fresh.close()  # the last connection: it empties and removes the write-ahead log
    part.rename(_whole(path))
    kept = ", ".join(f"{count} {table}" for table, count in counts.items())
    return f"{finish(path)}; saved: {kept}"


def finish(path: Path) -> str:
    """Put a whole copy in the damaged file's place, also when that was interrupted before.

    Returns what was done, or nothing where there is no copy.
    """
    copy = _whole(path)
    if not copy.exists():
        return ""
    aside = path.with_name(f"{path.name}.corrupt-{time.strftime('%Y%m%d-%H%M%S')}")
    for side in SIDES:
        with contextlib.suppress(FileNotFoundError):
            os.link(f"{path}{side}", f"{aside}{side}")
    _remove(path, SIDES[1:])  # they are the damaged file's, not the copy's
    copy.replace(path)
    return f"the store was damaged and is kept as {aside}"


def _whole(path: Path) -> Path:
    """A copy that holds all that could be read."""
    return path.with_name(f"{path.name}.salvaged")


def _remove(path: Path, sides: Sequence[str] = SIDES) -> None:
    for side in sides:
        Path(f"{path}{side}").unlink(missing_ok=True)


def _copy(path: Path, fresh: sqlite3.Connection, table: str) -> int:
    """Copy a table from its beginning up to the damage, then from its end back to it."""
    fresh.execute("BEGIN")
    for order in ("ASC", "DESC"):
        for row in _readable(path, table, order):
            names, marks = ", ".join(row.keys()), ", ".join("?" * len(row))
            with contextlib.suppress(*NONSENSE):
                fresh.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)
    fresh.execute("COMMIT")
    return int(fresh.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def legible(data: bytes) -> str:
    """Text as it can be read: a damaged byte costs itself, and not all that is stored beside it."""
    return data.decode(errors="replace")


def _readable(path: Path, table: str, order: str) -> Iterator[sqlite3.Row]:
    """Rows until the damage; a fresh connection each time, for an old one may be spoilt."""
    with contextlib.closing(sqlite3.connect(path)) as damaged, contextlib.suppress(sqlite3.Error):
        damaged.row_factory, damaged.text_factory = sqlite3.Row, legible
        yield from damaged.execute(f"SELECT * FROM {table} NOT INDEXED ORDER BY rowid {order}")


def _mend(fresh: sqlite3.Connection) -> None:
    """Make counts and line numbers agree with the batches that are left."""
    fresh.execute("BEGIN")
    fresh.execute(
        """INSERT INTO sessions
               (uid, name, created, last_used, lines, version, on_full, window_from)
           SELECT session, 'recovered-' || substr(session, 1, 8), min(at), max(at), 0, 0,
                  'rebase', 0
           FROM batches WHERE session NOT IN (SELECT uid FROM sessions) GROUP BY session"""
    )
    fresh.execute(
        """CREATE TEMP TABLE places AS
           SELECT rowid AS place,
                  sum(count) OVER (PARTITION BY session ORDER BY first) - count AS first
           FROM batches"""
    )
    fresh.execute(  # they are read then, rather than others not
        """DELETE FROM drops WHERE session IN (
               SELECT session FROM batches JOIN places ON place = batches.rowid
               WHERE batches.first != places.first)"""
    )
    fresh.execute(  # of lines that are gone; they would be taken for answers of those left
        """DELETE FROM answers WHERE session IN (
               SELECT uid FROM sessions WHERE lines !=
                   coalesce((SELECT sum(count) FROM batches WHERE session = uid), 0))"""
    )
    # upwards: a line number only ever sinks to one that is already free
    for place, first in fresh.execute("SELECT place, first FROM places ORDER BY first").fetchall():
        fresh.execute("UPDATE batches SET first = ? WHERE rowid = ?", (first, place))
    fresh.execute(
        """UPDATE sessions SET window_from = 0,
           lines = coalesce((SELECT sum(count) FROM batches WHERE session = uid), 0),
           version = max(version, coalesce(
               (SELECT max(version) FROM batches WHERE session = uid), 0))"""
    )
    fresh.execute("COMMIT")
