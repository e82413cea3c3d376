"""The SQL of removals: a session is hidden at once, and erased piece by piece.

A large journal in one transaction would hold up every append meanwhile.
"""

import sqlite3

PIECE_BYTES = 1 << 20  # characters of text that one transaction erases, at least one batch
PIECE_ROWS = 512  # batches that it erases at most


def hide(database: sqlite3.Connection, uid: str) -> None:
    """Let nobody see a session any more, now and after a crash; its name is free again."""
    database.execute("UPDATE sessions SET whole = 0, name = '/' || uid WHERE uid = ?", (uid,))


def erase(database: sqlite3.Connection, uid: str) -> bool:
    """Erase more of a hidden session, its newest lines first; whether there is still more.

    One that could not be hidden stays as it is.
    """
    if database.execute("SELECT 1 FROM sessions WHERE uid = ? AND whole", (uid,)).fetchone():
        return False
    first = _piece(database, uid)
    if first is not None:
        database.execute("DELETE FROM batches WHERE session = ? AND first >= ?", (uid, first))
        if database.execute("SELECT 1 FROM batches WHERE session = ?", (uid,)).fetchone():
            return True
    for table in ("producers", "questions", "answers", "drops"):
        database.execute(f"DELETE FROM {table} WHERE session = ?", (uid,))
    database.execute("DELETE FROM sessions WHERE uid = ?", (uid,))
    return False


def sweep(database: sqlite3.Connection) -> None:
    """Erase the forks and the removals that a crash left half done."""
    for (uid,) in database.execute("SELECT uid FROM sessions WHERE NOT whole").fetchall():
        while erase(database, uid):
            pass


def _piece(database: sqlite3.Connection, uid: str) -> int | None:
    """Where the newest batches, of bounded size, begin; None: there are none."""
    cursor = database.execute(
        "SELECT first, length(text) FROM batches WHERE session = ? ORDER BY first DESC LIMIT ?",
        (uid, PIECE_ROWS),
    )
    found, size = None, 0
    for first, length in cursor:
        found, size = int(first), size + length
        if size >= PIECE_BYTES:
            break
    cursor.close()
    return found
