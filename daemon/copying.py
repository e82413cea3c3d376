"""The SQL of forks: a journal copied piece by piece into a session that is not whole before."""

import sqlite3

from sticli.daemon import drops, journal
from sticli.errors import SticliError

PIECE_BYTES = 1 << 19  # characters of text that one transaction copies, at least one batch
PIECE_ROWS = 512  # batches that it copies at most

Row = tuple[int, int, int, float, str]


def copy(database: sqlite3.Connection, uid: str, source: str, lines: int) -> bool:
    """Copy more of the first `lines` lines of a session; whether there is still more.

    Raises:
        SticliError: the source was removed meanwhile.
    """
    done, version = journal.numbers(database, uid)
    rows = _some(database, source, done, lines)
    if rows:
        done, version = rows[-1][0] + rows[-1][1], rows[-1][2]
    elif done < lines:
        raise SticliError("not_found", "the session that is forked was removed meanwhile")
    database.executemany(
        "INSERT INTO batches (session, first, count, version, at, text) VALUES (?, ?, ?, ?, ?, ?)",
        [(uid, *row) for row in rows],
    )
    database.execute(
        "UPDATE sessions SET lines = ?, version = ?, whole = ? WHERE uid = ?",
        (done, version, done == lines, uid),
    )
    if done == lines:
        drops.copy(database, source, uid, lines)
    return done < lines


def sweep(database: sqlite3.Connection) -> None:
    """Forget the forks that a crash left half done."""
    for (uid,) in database.execute("SELECT uid FROM sessions WHERE NOT whole").fetchall():
        journal.remove(database, uid)


def _some(database: sqlite3.Connection, source: str, first: int, end: int) -> list[Row]:
    """Batches from line `first` (from 0) up to line `end`, of bounded size."""
    cursor = database.execute(
        "SELECT first, count, version, at, text FROM batches"
        " WHERE session = ? AND first >= ? AND first < ? ORDER BY first LIMIT ?",
        (source, first, end, PIECE_ROWS),
    )
    rows: list[Row] = []
    size = 0
    for row in cursor:
        rows.append(row)
        size += len(row[4])
        if size >= PIECE_BYTES:
            break
    cursor.close()
    return rows
