"""The writer's thread outlives whatever the database says."""

import asyncio
import sqlite3
from typing import Any

import pytest

from sticli.daemon.disk.writer import Writer
from sticli.errors import SticliError


class Failing:
    """A database that fails at each new transaction, as often as it was told to."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.in_transaction = False

    def execute(self, statement: str) -> None:
        if statement.startswith("BEGIN") and self.errors:
            raise self.errors.pop(0)

    def close(self) -> None: ...


async def test_what_fails_is_told_and_the_next_job_is_done() -> None:
    database: Any = Failing(MemoryError(), sqlite3.OperationalError("disk I/O error"))
    writer = Writer(database, asyncio.get_running_loop())
    for why in ("out of memory", "disk I/O error"):
        with pytest.raises(SticliError, match=why) as caught:
            await writer.submit(lambda _: 1)
        assert caught.value.code == "storage"
    assert await writer.submit(lambda _: 2) == 2
    await writer.close()
