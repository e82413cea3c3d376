"""Opens the store's file: private, in WAL mode, checked, of the newest schema."""

import os
import sqlite3
from pathlib import Path

from sticli.daemon.disk import removal
from sticli.daemon.disk.migrations import migrate
from sticli.daemon.disk.salvage import finish, legible, salvage
from sticli.errors import SticliError

SYNCHRONOUS = {"normal": "NORMAL", "full": "FULL"}
WAL_LIMIT = 64 << 20  # bytes that the write-ahead log keeps after a checkpoint


def open_database(path: Path, durability: str) -> tuple[sqlite3.Connection, str]:
    """The writer's connection, and a note when a damaged file had to be moved aside.

    Raises:
        SticliError: the file cannot be used, or a newer program wrote it.
    """
    try:
        note = finish(path)  # of a salvage that was interrupted
        try:
            return connect(path, durability), note
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            note = salvage(path, lambda fresh: connect(fresh, durability))
            return connect(path, durability), note
    except (sqlite3.Error, OSError) as error:
        raise SticliError(
            "storage", f"the store {path} cannot be opened: {error}", "see `sticli doctor`"
        ) from error


def connect(path: Path, durability: str) -> sqlite3.Connection:
    """A checked read-write connection in autocommit mode, usable from any one thread."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.text_factory = legible
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {SYNCHRONOUS[durability]}")
        database.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
        found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise Malformed(found)
        migrate(database)
        removal.sweep(database)
    except BaseException:
        database.close()
        raise
    return database


def connect_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection, usable from any one thread."""
    uri = f"{path.as_uri()}?mode=ro"
    database = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    database.text_factory = legible
    return database


class Malformed(sqlite3.DatabaseError):
    """The file's own check failed."""


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is damaged, rather than locked, full or out of reach."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, Malformed) or code in DAMAGE


DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
