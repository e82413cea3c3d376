"""The SQL of sessions and their lines: exactly-once append, reading, removal."""

import sqlite3
from collections.abc import Sequence

from sticli.daemon.records import Appended, Batch, SessionRecord
from sticli.errors import SticliError

READ_BYTES = 256 << 10  # text that one read brings, at least one batch
ROWS = 512  # batches that one read brings at most


def sessions(database: sqlite3.Connection) -> list[SessionRecord]:
    return [
        SessionRecord(*row)
        for row in database.execute(
            "SELECT uid, name, system, cells, created, last_used, lines, version, on_full,"
            " window_from FROM sessions ORDER BY created, name"
        )
    ]


def create(database: sqlite3.Connection, record: SessionRecord) -> None:
    """Add an empty session.

    Raises:
        SticliError: the name is taken.
    """
    if database.execute("SELECT 1 FROM sessions WHERE name = ?", (record.name,)).fetchone():
        raise SticliError("exists", f"there is a session {record.name!r} already")
    database.execute(
        "INSERT INTO sessions (uid, name, system, cells, created, last_used, on_full, lines,"
        " version, window_from) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0)",
        (
            record.uid,
            record.name,
            record.system,
            record.cells,
            record.created,
            record.last_used,
            record.on_full,
        ),
    )


def move_window(database: sqlite3.Connection, uid: str, window_from: int) -> None:
    """Remember where a session's window begins; its replay may start there."""
    database.execute("UPDATE sessions SET window_from = ? WHERE uid = ?", (window_from, uid))


def remove(database: sqlite3.Connection, uid: str) -> None:
    """Forget a session and all that was its own."""
    for table in ("batches", "producers", "questions", "answers"):
        database.execute(f"DELETE FROM {table} WHERE session = ?", (uid,))
    database.execute("DELETE FROM sessions WHERE uid = ?", (uid,))


def append(
    database: sqlite3.Connection,
    uid: str,
    producer: str,
    first_seq: int,
    lines: Sequence[str],
    at: float,
    refusal: SticliError | None = None,
) -> Appended:
    """Store what is new of a batch, once, however often it is sent.

    Raises:
        SticliError: sequence_gap, not_found, or `refusal` when there is something new.
    """
    known = _next_seq(database, uid, producer) if producer else first_seq
    if first_seq > known:
        raise SticliError(
            "sequence_gap",
            f"producer {producer!r} sent line {first_seq}, expected {known}",
            f"send again from line {known}",
        )
    texts = list(lines[known - first_seq :])
    if not texts:
        count, version = _numbers(database, uid)
        return Appended(known, count, version, None)
    if refusal:
        raise refusal
    batch = _insert(database, uid, texts, at)
    if producer:
        database.execute(
            "INSERT OR REPLACE INTO producers (session, producer, next_seq) VALUES (?, ?, ?)",
            (uid, producer, known + len(texts)),
        )
    return Appended(known + len(texts), batch.end, batch.version, batch)


def read(database: sqlite3.Connection, uid: str, first: int) -> list[Batch]:
    """Some batches in order, the first of which holds line `first` (from 0); none at the end."""
    cursor = database.execute(
        "SELECT first, version, at, text FROM batches WHERE session = ? AND first >= coalesce("
        "(SELECT max(first) FROM batches WHERE session = ? AND first <= ?), 0)"
        " ORDER BY first LIMIT ?",
        (uid, uid, first, ROWS),
    )
    found: list[Batch] = []
    size = 0
    for start, version, at, text in cursor:
        batch = Batch(start, version, at, text.split("\n"))
        if batch.end > first:
            found.append(batch)
            size += len(text)
        if size >= READ_BYTES:
            break
    cursor.close()
    return found


def _next_seq(database: sqlite3.Connection, uid: str, producer: str) -> int:
    row = database.execute(
        "SELECT next_seq FROM producers WHERE session = ? AND producer = ?", (uid, producer)
    ).fetchone()
    return int(row[0]) if row else 0


def _numbers(database: sqlite3.Connection, uid: str) -> tuple[int, int]:
    row = database.execute("SELECT lines, version FROM sessions WHERE uid = ?", (uid,)).fetchone()
    if row is None:
        raise SticliError("not_found", "the session was removed meanwhile")
    return int(row[0]), int(row[1])


def _insert(database: sqlite3.Connection, uid: str, texts: list[str], at: float) -> Batch:
    """The next version of the session."""
    first, version = _numbers(database, uid)
    batch = Batch(first, version + 1, at, texts)
    database.execute(
        "INSERT INTO batches (session, first, count, version, at, text) VALUES (?, ?, ?, ?, ?, ?)",
        (uid, first, len(texts), batch.version, at, "\n".join(texts)),
    )
    database.execute(
        "UPDATE sessions SET lines = ?, version = ?, last_used = ? WHERE uid = ?",
        (batch.end, batch.version, at, uid),
    )
    return batch
