"""The one thread that writes to the store: group commit, and nothing acknowledged before COMMIT."""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sticli.errors import SticliError

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], Any]
OF_THE_JOB = (sqlite3.IntegrityError, sqlite3.DataError)
Waiting = tuple[Job, "asyncio.Future[Any]"]


class Writer:
    """Runs jobs in order; all that wait at the same time share one transaction.

    A job that fails is undone alone; when the transaction fails, every job of it does.
    """

    def __init__(self, database: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._database = database
        self._loop = loop
        self._jobs: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """The job's result, once it is durable. It may write nothing before it refuses."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((job, future))
        return future

    async def close(self) -> None:
        """Finish what waits, then close the database."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._database.close()

    def _run(self) -> None:
        ending = False
        while not ending:
            waiting, ending = self._take()
            if waiting:
                outcomes = _commit(self._database, [job for job, _ in waiting])
                futures = [future for _, future in waiting]
                self._loop.call_soon_threadsafe(_resolve, futures, outcomes)

    def _take(self) -> tuple[list[Waiting], bool]:
        """Everything that waits, at least one thing; and whether the end is among it."""
        taken = [self._jobs.get()]
        while not self._jobs.empty():
            taken.append(self._jobs.get())
        return [entry for entry in taken if entry is not None], None in taken


def _commit(database: sqlite3.Connection, jobs: list[Job]) -> list[Any]:
    """One outcome a job: its result or its exception."""
    try:
        database.execute("BEGIN IMMEDIATE")
        outcomes = [_attempt(database, job) for job in jobs]
        database.execute("COMMIT")
    except (sqlite3.Error, MemoryError) as error:
        if database.in_transaction:
            with contextlib.suppress(sqlite3.Error):  # the next BEGIN will say so again
                database.execute("ROLLBACK")
        return [_refusal(error)] * len(jobs)
    return outcomes


def _attempt(database: sqlite3.Connection, job: Job) -> Any:
    database.execute("SAVEPOINT job")
    try:
        result = job(database)
    except Exception as error:  # belongs to the caller; the thread must live on
        if isinstance(error, sqlite3.Error) and not isinstance(error, OF_THE_JOB):
            raise  # the disk, not the job: nothing of this transaction can be trusted
        database.execute("ROLLBACK TO job")
        result = error
    database.execute("RELEASE job")
    return result


def _refusal(error: sqlite3.Error | MemoryError) -> SticliError:
    why = str(error) or "out of memory"
    return SticliError(
        "storage", f"the store cannot write: {why}", "free some disk space, then try again"
    )


def _resolve(futures: "list[asyncio.Future[Any]]", outcomes: list[Any]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.cancelled():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
