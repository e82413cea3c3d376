"""The SQL of flash questions, their newest answers, and the bounded ring of events."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from sticli.daemon.disk import journal
from sticli.daemon.disk.records import AnswerRecord, News, QuestionRecord
from sticli.form import Form
from sticli.protocol import Event

T = TypeVar("T")
R = TypeVar("R")
RING = 10_000  # events kept

log = logging.getLogger(__name__)

_ANSWER = tuple(field.name for field in msgspec.structs.fields(AnswerRecord))


def questions(database: sqlite3.Connection) -> list[QuestionRecord]:
    rows = database.execute(
        "SELECT session, id, question, max_tokens, debounce_ms, exec, created, form, gap"
        " FROM questions ORDER BY created, id"
    )
    return [*_whole("flash question", rows, _question)]


def _question(row: Sequence[Any]) -> QuestionRecord:
    uid, key, text, tokens, debounce, command, at, form, gap = row
    return QuestionRecord(
        uid, key, text, tokens, debounce, _read(command, list[str]), at, _read(form, Form), gap
    )


def _event(row: Sequence[Any]) -> Event:
    key, kind, session, at, data = row
    return Event(key, kind, session, at, msgspec.json.decode(data))


def _whole(what: str, rows: Iterable[T], make: Callable[[T], R]) -> Iterator[R]:
    """What the rows hold, but for those that are damaged: the others are not lost with them."""
    for row in rows:
        try:
            yield make(row)
        except msgspec.DecodeError:  # which would tell of what is stored
            log.warning("damaged in the store, and left out: one %s", what)


def _read(text: str | None, kind: type[T]) -> T | None:
    return msgspec.json.decode(text, type=kind) if text else None


def _written(value: object) -> str | None:
    return msgspec.json.encode(value).decode() if value else None


def answers(database: sqlite3.Connection) -> list[AnswerRecord]:
    return [
        AnswerRecord(*row) for row in database.execute(f"SELECT {', '.join(_ANSWER)} FROM answers")
    ]


def add_question(database: sqlite3.Connection, record: QuestionRecord) -> None:
    """Add a flash question.

    Raises:
        SticliError: its session was removed meanwhile.
    """
    journal.numbers(database, record.session)
    database.execute(
        "INSERT INTO questions (session, id, question, max_tokens, debounce_ms, exec, created,"
        " form, gap) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.session,
            record.id,
            record.question,
            record.max_tokens,
            record.debounce_ms,
            _written(record.exec),
            record.created,
            _written(record.form),
            record.gap,
        ),
    )


def remove_question(database: sqlite3.Connection, uid: str, key: str) -> None:
    for table in ("questions", "answers"):
        database.execute(f"DELETE FROM {table} WHERE session = ? AND id = ?", (uid, key))


def put_answer(database: sqlite3.Connection, record: AnswerRecord) -> None:
    """Keep the newest answer, unless its question was removed meanwhile."""
    marks = ", ".join("?" * len(_ANSWER))
    database.execute(
        f"INSERT OR REPLACE INTO answers ({', '.join(_ANSWER)}) SELECT {marks}"
        " WHERE EXISTS (SELECT 1 FROM questions WHERE session = ? AND id = ?)",
        (*msgspec.structs.astuple(record), record.session, record.id),
    )


def events(database: sqlite3.Connection) -> list[Event]:
    """The ring, oldest first."""
    rows = database.execute("SELECT id, type, session, at, data FROM events ORDER BY id")
    return [*_whole("event", rows, _event)]


def last_event(database: sqlite3.Connection) -> int:
    """The newest id ever given, even of an event that the ring lost."""
    row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return int(row[0]) if row else 0


def add_event(database: sqlite3.Connection, news: News) -> Event:
    """Give an event its id; the oldest one leaves the ring."""
    cursor = database.execute(
        "INSERT INTO events (type, session, at, data) VALUES (?, ?, ?, ?)",
        (news.type, news.session, news.at, msgspec.json.encode(news.data).decode()),
    )
    key = cursor.lastrowid or 0
    database.execute("DELETE FROM events WHERE id <= ?", (key - RING,))
    return Event(key, news.type, news.session, news.at, news.data)
