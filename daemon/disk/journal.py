"""The SQL of sessions and their lines: exactly-once append, reading."""

import sqlite3
from collections.abc import Sequence

import msgspec

from sticli.daemon.disk import feeds
from sticli.daemon.disk.records import Appended, Batch, SessionRecord
from sticli.errors import SticliError

READ_BYTES = 256 << 10  # text that one read brings, at least one batch
ROWS = 512  # batches that one read brings at most
_SESSION = tuple(field.name for field in msgspec.structs.fields(SessionRecord))
_FROM = (
    "session = ? AND first >= coalesce("
    "(SELECT max(first) FROM batches WHERE session = ? AND first <= ?), 0)"
)


def sessions(database: sqlite3.Connection) -> list[SessionRecord]:
    """All that are whole, oldest first."""
    rows = database.execute(
        f"SELECT {', '.join(_SESSION)} FROM sessions WHERE whole ORDER BY created, name"
    )
    named = (dict(zip(_SESSION, row, strict=True)) for row in rows)
    return [msgspec.convert(one, SessionRecord, strict=False) for one in named]  # 0, 1: bool


def create(database: sqlite3.Connection, record: SessionRecord, whole: bool = True) -> None:
    """Add an empty session; one that is not whole has its name, and is seen by nobody yet.

    Raises:
        SticliError: the name is taken.
    """
    if database.execute("SELECT 1 FROM sessions WHERE name = ?", (record.name,)).fetchone():
        raise SticliError(
            "exists",
            f"there is a session {record.name!r} already",
            f"choose another name, or remove it with `sticli rm {record.name}`",
        )
    database.execute(
        f"INSERT INTO sessions ({', '.join(_SESSION)}, whole)"
        f" VALUES ({', '.join('?' * len(_SESSION))}, ?)",
        (*msgspec.structs.astuple(record), whole),
    )


def move_window(database: sqlite3.Connection, uid: str, window_from: int) -> None:
    """Remember where a session's window begins; its replay may start there."""
    database.execute("UPDATE sessions SET window_from = ? WHERE uid = ?", (window_from, uid))


def pin(database: sqlite3.Connection, uid: str, pinned: bool) -> None:
    database.execute("UPDATE sessions SET pinned = ? WHERE uid = ?", (pinned, uid))


def append(
    database: sqlite3.Connection,
    uid: str,
    producer: str,
    first_seq: int,
    lines: Sequence[str],
    at: float,
    refusal: SticliError | None = None,
    position: str = "",
    run: int = 0,
) -> Appended:
    """Store what is new of a batch, once, however often it is sent, and its feed's position.

    Raises:
        SticliError: sequence_gap, taken, not_found, or `refusal` when there is something new.
    """
    known = feeds.next_seq(database, uid, producer, run) if producer else first_seq
    if first_seq > known:
        raise SticliError(
            "sequence_gap",
            f"producer {producer!r} sent line {first_seq}, expected {known}",
            f"send again from line {known}",
        )
    texts = list(lines[known - first_seq :])
    if not texts:
        count, version = numbers(database, uid)
        if position and first_seq + len(lines) == known:
            feeds.advance(database, uid, producer, known, position, at)
        return Appended(known, count, version, None)
    if refusal:
        raise refusal
    batch = _insert(database, uid, texts, at)
    if producer:
        feeds.advance(database, uid, producer, known + len(texts), position, at)
    return Appended(known + len(texts), batch.end, batch.version, batch)


def read(database: sqlite3.Connection, uid: str, first: int) -> list[Batch]:
    """Some batches in order, the first of which holds line `first` (from 0); none at the end."""
    cursor = database.execute(
        f"SELECT first, version, at, text FROM batches WHERE {_FROM} ORDER BY first LIMIT ?",
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


def sizes(database: sqlite3.Connection, uid: str, first: int) -> list[tuple[int, int, float]]:
    """(end line, characters, time) of each batch, the first of which holds line `first`."""
    cursor = database.execute(
        f"SELECT first + count, text, at FROM batches WHERE {_FROM} ORDER BY first",
        (uid, uid, first),
    )
    return [(end, len(text) + 1, at) for end, text, at in cursor if end > first]


def numbers(database: sqlite3.Connection, uid: str, whole: bool = True) -> tuple[int, int]:
    """Lines and newest version of a session, which need not be whole where that is said.

    Raises:
        SticliError: there is none.
    """
    row = database.execute(
        "SELECT lines, version FROM sessions WHERE uid = ? AND whole >= ?", (uid, whole)
    ).fetchone()
    if row is None:
        raise gone()
    return int(row[0]), int(row[1])


def gone() -> SticliError:
    return SticliError(
        "not_found", "the session was removed meanwhile", "`sticli ps` lists the others"
    )


def _insert(database: sqlite3.Connection, uid: str, texts: list[str], at: float) -> Batch:
    """The next version of the session, no earlier than the one before: a clock may be set back."""
    first, version = numbers(database, uid)
    newest = database.execute(
        "SELECT at FROM batches WHERE session = ? ORDER BY first DESC LIMIT 1", (uid,)
    ).fetchone()
    at = max(at, newest[0]) if newest else at
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
