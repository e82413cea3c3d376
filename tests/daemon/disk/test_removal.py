"""Removals in the store: hidden at once, erased in pieces that appends and crashes come between."""

import sqlite3
from pathlib import Path

import pytest

from sticli.daemon.disk import copying, moments, removal
from sticli.daemon.disk import journal as batches
from sticli.daemon.disk.database import connect
from sticli.daemon.store import Store
from sticli.errors import SticliError
from sticli.protocol import At
from tests.daemon.conftest import until
from tests.daemon.disk.test_copying import fill, rows
from tests.daemon.test_store import journal, record


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "PIECE_ROWS", 1)
    monkeypatch.setattr(copying, "PIECE_ROWS", 1)


async def test_appends_come_in_between_the_pieces_of_a_removal(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = Store(path, "normal")
    await fill(store)
    await store.create(record("b", "b"))
    await store.remove("a")
    left = []
    for n in range(5):
        await store.append("b", "", 0, [str(n)])
        left.append(rows(path)[1])
    assert max(left) > 10
    await store.create(record("c", "a"))  # the name is free at once
    assert sorted(one.uid for one in await store.sessions()) == ["b", "c"]
    await until(lambda: rows(path) == (2, 5))
    assert await journal(store, "b") == list("01234")
    await store.close()


async def test_nobody_adds_to_or_looks_into_what_is_being_erased(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = Store(path, "normal")
    lines = await fill(store)
    await store.close()
    database = connect(path, "normal")
    batches.create(database, record("b", "b"), whole=False)
    assert copying.copy(database, "b", "a", 200)
    removal.hide(database, "a")
    assert removal.erase(database, "a")
    with pytest.raises(SticliError, match="removed"):
        copying.copy(database, "b", "a", 200)
    with pytest.raises(SticliError, match="removed"):
        batches.append(database, "a", "", 0, ["late"], 1.0)
    with pytest.raises(SticliError, match="removed"):
        moments.find(database, record("a", "a"), At(version=2), 2.0)
    assert batches.read(database, "a", 0)[0].texts == lines[:5]  # whoever reads loses the end first
    database.close()


async def test_a_session_that_is_erased_while_its_moment_is_sought_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "s.db", "normal")
    await store.create(record("a", "a"))
    monkeypatch.setattr(batches, "numbers", lambda database, uid: (5, 1))  # as it was just before
    with pytest.raises(SticliError, match="removed"):
        await store.moment(record("a", "a"), At(version=1))
    await store.close()


async def test_a_store_that_cannot_write_loses_nothing_and_keeps_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    path = tmp_path / "s.db"
    monkeypatch.setattr("sticli.daemon.store.RETRY", 0.01)
    store = Store(path, "normal")
    lines = await fill(store)
    with monkeypatch.context() as patch:
        patch.setattr(removal, "hide", full)
        with pytest.raises(SticliError, match="full"):
            await store.remove("a")
        patch.setattr(removal, "erase", full)
        patch.setattr(copying, "copy", full)
        with pytest.raises(SticliError, match="full"):
            await store.fork(record("b", "b"), "a", 200)
    await until(lambda: rows(path) == (1, 40))
    await store.create(record("c", "b"))
    assert await journal(store, "a") == lines
    await store.close()


async def test_a_crash_in_the_middle_of_a_removal_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = Store(path, "normal")
    await fill(store)
    await store.append("a", "p", 200, ["x"])
    await store.close()
    database = connect(path, "normal")
    removal.hide(database, "a")
    assert removal.erase(database, "a")
    database.close()
    assert rows(path) == (1, 40)
    store = Store(path, "normal")
    assert await store.sessions() == []
    assert rows(path) == (0, 0)
    await store.close()
