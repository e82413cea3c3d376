"""Saves what is readable of a damaged store into a fresh one; the damaged file is kept aside."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sticli.daemon.migrations import TABLES

SIDES = ("", "-wal", "-shm")


def salvage(path: Path, create: Callable[[Path], sqlite3.Connection]) -> str:
    """Move the file aside, copy its readable rows, and say so in one line."""
    aside = path.with_name(f"{path.name}.corrupt-{time.strftime('%Y%m%d-%H%M%S')}")
    for side in SIDES:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{side}").rename(f"{aside}{side}")
    fresh = create(path)
    try:
        counts = {table: _copy(aside, fresh, table) for table in TABLES}
        _mend(fresh)
    finally:
        fresh.close()
    kept = ", ".join(f"{count} {table}" for table, count in counts.items())
    return f"the store was damaged and is kept as {aside}; saved: {kept}"


def _copy(aside: Path, fresh: sqlite3.Connection, table: str) -> int:
    """Copy a table from its beginning up to the damage, then from its end back to it."""
    fresh.execute("BEGIN")
    for order in ("ASC", "DESC"):
        for row in _readable(aside, table, order):
            names, marks = ", ".join(row.keys()), ", ".join("?" * len(row))
            with contextlib.suppress(sqlite3.Error):  # a row that itself is nonsense
                fresh.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)
    fresh.execute("COMMIT")
    return int(fresh.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _readable(aside: Path, table: str, order: str) -> Iterator[sqlite3.Row]:
    """Rows until the damage; a fresh connection each time, for an old one may be spoilt."""
    with contextlib.closing(sqlite3.connect(aside)) as damaged, contextlib.suppress(sqlite3.Error):
        damaged.row_factory = sqlite3.Row
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
