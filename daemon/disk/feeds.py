"""The SQL of feeds: producers that say what they are, and how far each has come.

Who registers last is the one whose appends count: an earlier run may still have some on the way.
"""

import sqlite3

import msgspec

from sticli.errors import SticliError
from sticli.feed import MAX_FEEDS, Feed, NewFeed

_FEED = "producer, description, next_seq, position, at, run, lasting"


def register(
    database: sqlite3.Connection, uid: str, producer: str, new: NewFeed, at: float
) -> Feed:
    """Begin the next run of a feed; from now on only its appends are taken.

    Raises:
        SticliError: the session was removed.
    """
    if not database.execute("SELECT 1 FROM sessions WHERE uid = ? AND whole", (uid,)).fetchone():
        raise SticliError(
            "not_found", "the session was removed meanwhile", "`sticli ps` lists the others"
        )
    row = database.execute(
        "INSERT INTO producers (session, producer, next_seq, at, run, lasting, description)"
        " VALUES (?, ?, 0, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET"
        " at = excluded.at, run = run + 1, lasting = excluded.lasting,"
        f" description = excluded.description RETURNING {_FEED}",
        (uid, producer, at, new.lasting, new.description),
    ).fetchone()
    _forget(database, uid)
    return _feed(row)


def read(database: sqlite3.Connection, uid: str) -> list[Feed]:
    """The feeds of a session, the one last heard of first."""
    rows = database.execute(
        f"SELECT {_FEED} FROM producers WHERE session = ? AND description IS NOT NULL"
        " ORDER BY at DESC, rowid DESC",
        (uid,),
    )
    return [_feed(row) for row in rows]


def next_seq(database: sqlite3.Connection, uid: str, producer: str, run: int) -> int:
    """How many lines of a producer are stored.

    Raises:
        SticliError: this is not the newest run of it, or of an earlier bearer of the name.
    """
    row = database.execute(
        "SELECT next_seq, run FROM producers WHERE session = ? AND producer = ?", (uid, producer)
    ).fetchone()
    if run and not row:
        raise SticliError(
            "not_found",
            f"producer {producer!r} is not known: the session was removed and made anew",
            "run the `sticli append` again",
        )
    known, newest = row or (0, 0)
    if run and run != newest:
        raise SticliError(
            "taken",
            f"producer {producer!r} goes on in another `sticli append`, begun after this one",
            "let one of them run, or give each a --producer of its own",
        )
    return int(known)


def advance(
    database: sqlite3.Connection, uid: str, producer: str, end: int, position: str, at: float
) -> None:
    """A producer has brought `end` lines by now, and goes on at `position`, if it says so."""
    database.execute(
        "INSERT INTO producers (session, producer, next_seq, position, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET next_seq = excluded.next_seq, at = excluded.at,"
        " position = CASE excluded.position WHEN '' THEN position ELSE excluded.position END",
        (uid, producer, end, position, at),
    )


def _forget(database: sqlite3.Connection, uid: str) -> None:
    """List only so many, those that come back under their name before others; all go on."""
    database.execute(
        "UPDATE producers SET description = NULL"
        " WHERE session = ? AND description IS NOT NULL AND producer NOT IN ("
        "SELECT producer FROM producers WHERE session = ? AND description IS NOT NULL"
        " ORDER BY lasting DESC, at DESC, rowid DESC LIMIT ?)",
        (uid, uid, MAX_FEEDS),
    )


def _feed(row: tuple[object, ...]) -> Feed:
    names = _FEED.split(", ")
    return msgspec.convert(dict(zip(names, row, strict=True)), Feed, strict=False)  # 0, 1: bool
