"""The SQL of forks: a journal copied piece by piece into a session that is not whole before."""

import sqlite3

from sticli.daemon.disk import drops, journal

PIECE_BYTES = 1 << 19  # characters of text that one transaction copies, at least one batch
PIECE_ROWS = 512  # batches that it copies at most

Row = tuple[int, int, int, float, str]


def copy(database: sqlite3.Connection, uid: str, source: str, lines: int) -> bool:
    """Copy more of the first `lines` lines of a session; whether there is still more.

    Raises:
        SticliError: the source was removed meanwhile.
    """
    journal.numbers(database, source)  # it is there: none of its lines is erased
    done, version = journal.numbers(database, uid, whole=False)
    if rows := _some(database, source, done, lines):
        done, version = rows[-1][0] + rows[-1][1], rows[-1][2]
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
