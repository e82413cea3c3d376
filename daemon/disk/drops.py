"""The SQL of dropped lines: which lines of a session's journal the model does not read."""

import sqlite3
from collections.abc import Sequence

from sticli.daemon.disk.records import Drop


def read(database: sqlite3.Connection, uid: str, first: int) -> tuple[list[Drop], int]:
    """The runs that do not end before line `first` (from 0), and the lines of all runs."""
    rows = database.execute(
        "SELECT first, count, told FROM drops WHERE session = ? AND first + count > ?"
        " ORDER BY first",
        (uid, first),
    )
    runs = [Drop(*row) for row in rows]
    total = database.execute("SELECT sum(count) FROM drops WHERE session = ?", (uid,)).fetchone()
    return runs, int(total[0] or 0)


def keep(database: sqlite3.Connection, uid: str, runs: Sequence[Drop]) -> None:
    """Store runs, new ones and those that have grown, unless the session was removed meanwhile."""
    database.executemany(
        "INSERT OR REPLACE INTO drops (session, first, count, told) SELECT ?, ?, ?, ?"
        " WHERE EXISTS (SELECT 1 FROM sessions WHERE uid = ?)",
        [(uid, run.first, run.count, run.told, uid) for run in runs],
    )


def copy(database: sqlite3.Connection, source: str, uid: str, lines: int) -> None:
    """Let the first `lines` lines of a new session be read as those of its source are."""
    database.execute(
        "INSERT INTO drops (session, first, count, told) SELECT ?, first, min(count, ? - first),"
        " told FROM drops WHERE session = ? AND first < ?",
        (uid, lines, source, lines),
    )
