"""The schema of the store, as the steps that lead to it from an empty file.

A step is never edited once released: a change is a new step.
"""

import sqlite3
from collections.abc import Sequence

from sticli.errors import SticliError

Step = tuple[str, ...]

# All lines of a batch share version and time, so one row holds the batch, its lines joined by
# newlines: a row a line would cost ten times as much and not reach 200,000 lines a second.
STEPS: tuple[Step, ...] = (
    (
        """CREATE TABLE sessions (
            uid TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, system TEXT, cells INTEGER,
            created REAL NOT NULL, last_used REAL NOT NULL,
            lines INTEGER NOT NULL, version INTEGER NOT NULL,
            on_full TEXT NOT NULL, window_from INTEGER NOT NULL)""",
        """CREATE TABLE batches (
            session TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
            version INTEGER NOT NULL, at REAL NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (session, first))""",
        """CREATE TABLE producers (
            session TEXT NOT NULL, producer TEXT NOT NULL, next_seq INTEGER NOT NULL,
            PRIMARY KEY (session, producer))""",
        """CREATE TABLE questions (
            session TEXT NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL,
            max_tokens INTEGER NOT NULL, debounce_ms INTEGER NOT NULL, exec TEXT,
            created REAL NOT NULL, PRIMARY KEY (session, id))""",
        """CREATE TABLE answers (
            session TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
            version INTEGER NOT NULL, lines INTEGER NOT NULL, model TEXT NOT NULL,
            window_from INTEGER NOT NULL, confidence REAL,
            evaluated_at REAL NOT NULL, device_ms REAL NOT NULL, evaluations INTEGER NOT NULL,
            cached_tokens INTEGER NOT NULL, new_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL, finish_reason TEXT NOT NULL,
            PRIMARY KEY (session, id))""",
        """CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, session TEXT NOT NULL,
            at REAL NOT NULL, data TEXT NOT NULL)""",
    ),
    (
        "ALTER TABLE sessions ADD COLUMN tenant TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE sessions ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE sessions ADD COLUMN source TEXT",
        # 0 while a fork's lines are still copied: it exists for nobody until it is 1
        "ALTER TABLE sessions ADD COLUMN whole INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE questions ADD COLUMN form TEXT",
        "ALTER TABLE questions ADD COLUMN gap REAL NOT NULL DEFAULT 2.0",
        "ALTER TABLE answers ADD COLUMN source TEXT NOT NULL DEFAULT 'flash'",
    ),
    # `told` is what the marker says: a fork may end inside a run, and reads the same marker
    (
        """CREATE TABLE drops (
            session TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
            told INTEGER NOT NULL, PRIMARY KEY (session, first))""",
    ),
    # a producer with a description is a feed
    (
        "ALTER TABLE producers ADD COLUMN position TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE producers ADD COLUMN at REAL NOT NULL DEFAULT 0",
        "ALTER TABLE producers ADD COLUMN run INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE producers ADD COLUMN lasting INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE producers ADD COLUMN description TEXT",
    ),
    # a gap is null where nobody said one, which was written as 2
    (
        "ALTER TABLE questions RENAME TO older",
        """CREATE TABLE questions (
            session TEXT NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL,
            max_tokens INTEGER NOT NULL, debounce_ms INTEGER NOT NULL, exec TEXT,
            created REAL NOT NULL, form TEXT, gap REAL, PRIMARY KEY (session, id))""",
        """INSERT INTO questions SELECT session, id, question, max_tokens, debounce_ms, exec,
            created, form, NULLIF(gap, 2.0) FROM older""",
        "DROP TABLE older",
    ),
)

TABLES = ("sessions", "batches", "producers", "questions", "answers", "events", "drops")


def migrate(database: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the schema to the newest version, one transaction a step.

    Raises:
        SticliError: a newer program wrote this file.
    """
    (found,) = database.execute("PRAGMA user_version").fetchone()
    if found > len(steps):
        raise SticliError(
            "version_mismatch",
            f"the store has schema {found}, this program knows {len(steps)}",
            "upgrade sticli, or set STICLI_HOME to another folder",
        )
    for number, step in enumerate(steps[found:], found + 1):
        database.execute("BEGIN IMMEDIATE")
        try:
            for statement in step:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number}")
        except sqlite3.Error:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")
