"""The truth on disk: sessions, journals, flash questions and events, in one SQLite file.

Writes go through the one writer thread, reads through a second connection on a thread of its
own; the event loop waits for neither.
"""

import asyncio
import functools
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sticli.daemon.disk import copying, drops, feeds, journal, moments, notebook, removal
from sticli.daemon.disk.database import connect_reader, open_database
from sticli.daemon.disk.records import (
    AnswerRecord,
    Appended,
    Batch,
    Drop,
    Moment,
    News,
    QuestionRecord,
    SessionRecord,
)
from sticli.daemon.disk.writer import Writer
from sticli.errors import SticliError
from sticli.protocol import At, Event, Feed, NewFeed

T = TypeVar("T")
RETRY = 1.0  # seconds until what could not be erased is tried again


class Store:
    """One open store, of the running event loop; `note` tells of a damaged file."""

    def __init__(self, path: Path, durability: str) -> None:
        """Open or create the file.

        Raises:
            SticliError: storage, version_mismatch.
        """
        database, self.note = open_database(path, durability)
        self._reader = connect_reader(path)
        self._thread = ThreadPoolExecutor(1, "store-reader")
        self._writer = Writer(database, asyncio.get_running_loop())

    async def close(self) -> None:
        """Finish every write, then let go of the file; who closes last empties the WAL."""
        await asyncio.to_thread(self._thread.shutdown)
        self._reader.close()
        await self._writer.close()

    def beat(self) -> "asyncio.Future[None]":
        """Done once the writer has got round to it."""
        return self._writer.submit(lambda database: None)

    async def sessions(self) -> list[SessionRecord]:
        return await self._read(journal.sessions)

    async def lines(self, uid: str, first: int) -> list[Batch]:
        """Some batches from the one that holds line `first` (from 0) on; none at the end."""
        return await self._read(functools.partial(journal.read, uid=uid, first=first))

    async def moment(self, record: SessionRecord, at: At) -> Moment:
        """What a session held then; see `moments.find`."""
        now = time.time()
        return await self._read(functools.partial(moments.find, record=record, at=at, now=now))

    async def sizes(self, uid: str, first: int) -> list[tuple[int, int, float]]:
        """(end line, characters, time) of each batch from the one that holds line `first` on."""
        return await self._read(functools.partial(journal.sizes, uid=uid, first=first))

    async def drops(self, uid: str, first: int) -> tuple[list[Drop], int]:
        """The dropped runs that do not end before line `first`, and the lines of all runs."""
        return await self._read(functools.partial(drops.read, uid=uid, first=first))

    async def questions(self) -> list[QuestionRecord]:
        return await self._read(notebook.questions)

    async def answers(self) -> list[AnswerRecord]:
        return await self._read(notebook.answers)

    async def events(self) -> tuple[list[Event], int]:
        """The ring, oldest first, and the newest id ever given."""
        return await self._read(notebook.events), await self._read(notebook.last_event)

    def create(self, record: SessionRecord) -> "asyncio.Future[None]":
        return self._writer.submit(functools.partial(journal.create, record=record))

    async def fork(self, record: SessionRecord, source: str, lines: int) -> None:
        """Make a session of the first lines of another; who reads sees the whole or nothing.

        Raises:
            SticliError: exists, not_found, storage.
        """
        begin = functools.partial(journal.create, record=record, whole=False)
        more = functools.partial(copying.copy, uid=record.uid, source=source, lines=lines)
        try:
            await self._writer.submit(begin)
            while await self._writer.submit(more):
                pass  # appends to other sessions come in between
        except BaseException:
            self.remove(record.uid)
            raise

    def pin(self, uid: str, pinned: bool) -> "asyncio.Future[None]":
        return self._writer.submit(functools.partial(journal.pin, uid=uid, pinned=pinned))

    def move_window(self, uid: str, window_from: int) -> "asyncio.Future[None]":
        return self._writer.submit(
            functools.partial(journal.move_window, uid=uid, window_from=window_from)
        )

    def remove(self, uid: str) -> "asyncio.Future[None]":
        """Hide a session; it is erased, piece by piece, after that."""
        hidden = self._writer.submit(functools.partial(removal.hide, uid=uid))
        self._erase(uid)
        return hidden

    def _erase(self, uid: str) -> None:
        """What a stop leaves over, the next start sweeps."""
        piece = self._writer.submit(functools.partial(removal.erase, uid=uid))
        piece.add_done_callback(functools.partial(self._go_on, uid))

    def _go_on(self, uid: str, piece: "asyncio.Future[bool]") -> None:
        """Erase more; a store that cannot write is tried again, for a half fork has a name."""
        if piece.exception():
            asyncio.get_running_loop().call_later(RETRY, self._erase, uid)
        elif piece.result():
            self._erase(uid)

    def append(
        self,
        uid: str,
        producer: str,
        first_seq: int,
        lines: Sequence[str],
        refusal: SticliError | None = None,
        position: str = "",
        run: int = 0,
    ) -> "asyncio.Future[Appended]":
        """Journal what is new of a batch; see `journal.append`."""
        at = time.time()
        return self._writer.submit(
            lambda db: journal.append(
                db, uid, producer, first_seq, lines, at, refusal, position, run
            )
        )

    def register(self, uid: str, producer: str, new: NewFeed) -> "asyncio.Future[Feed]":
        """Begin the next run of a feed; see `feeds.register`."""
        at = time.time()
        return self._writer.submit(lambda db: feeds.register(db, uid, producer, new, at))

    async def feeds(self, uid: str) -> list[Feed]:
        return await self._read(functools.partial(feeds.read, uid=uid))

    def keep_drops(self, uid: str, runs: Sequence[Drop]) -> "asyncio.Future[None]":
        return self._writer.submit(functools.partial(drops.keep, uid=uid, runs=runs))

    def add_question(self, record: QuestionRecord) -> "asyncio.Future[None]":
        return self._writer.submit(functools.partial(notebook.add_question, record=record))

    def remove_question(self, uid: str, key: str) -> "asyncio.Future[None]":
        return self._writer.submit(functools.partial(notebook.remove_question, uid=uid, key=key))

    def put_answer(self, record: AnswerRecord) -> "asyncio.Future[None]":
        return self._writer.submit(functools.partial(notebook.put_answer, record=record))

    def add_event(self, news: News) -> "asyncio.Future[Event]":
        return self._writer.submit(functools.partial(notebook.add_event, news=news))

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, query, self._reader)
        except sqlite3.Error as error:
            raise SticliError(
                "storage", f"the store cannot be read: {error}", "restart the daemon to repair it"
            ) from error
