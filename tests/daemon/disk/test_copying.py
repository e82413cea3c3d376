"""Forks in the store: whole or not at all, equal to the source up to a version, beside appends."""

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sticli.daemon.disk import copying, removal
from sticli.daemon.store import Store
from sticli.errors import SticliError
from sticli.protocol import At
from tests.daemon.test_store import journal, record

appends = st.tuples(st.just("append"), st.integers(0, 9), st.integers(1, 5))
forks = st.tuples(st.just("fork"), st.integers(0, 9), st.integers(0, 9))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(appends, forks), max_size=16))
async def test_every_session_holds_its_own_lines_and_those_it_was_forked_with(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """Against lists of batches: a fork is a slice, and neither side sees what the other gets."""
    store = Store(tmp_path_factory.mktemp("x") / "s.db", "normal")
    await store.create(record("0", "0"))
    model: list[list[list[str]]] = [[]]
    for step, (kind, which, number) in enumerate(steps):
        place = which % len(model)
        source = model[place]
        if kind == "append":
            lines = [f"{step}.{n}" for n in range(number)]
            appended = await store.append(str(place), "", 0, lines)
            source.append(lines)
            assert appended.version == len(source)
        else:
            version = number % (len(source) + 1)
            moment = await store.moment(record(str(place), str(place)), At(version=version))
            assert (moment.version, moment.lines) == (version, sum(map(len, source[:version])))
            new = str(len(model))
            await store.fork(record(new, new), str(place), moment.lines)
            model.append(list(source[:version]))
    for place, batches in enumerate(model):
        assert await journal(store, str(place)) == [line for lines in batches for line in lines]
    held = {one.uid: (one.lines, one.version) for one in await store.sessions()}
    assert held == {
        str(place): (sum(map(len, batches)), len(batches)) for place, batches in enumerate(model)
    }
    await store.close()


async def fill(store: Store, batches: int = 40) -> list[str]:
    await store.create(record("a", "a"))
    lines = [f"{n} " + "x" * 1000 for n in range(batches * 5)]
    for n in range(0, len(lines), 5):
        await store.append("a", "p", n, lines[n : n + 5])
    return lines


async def test_a_fork_goes_on_by_itself_and_keeps_times(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    lines = await fill(store)
    await store.fork(msgspec.structs.replace(record("b", "b"), source="a@20"), "a", 100)
    # the producers of the source are none of the fork's: it counts from 0 again
    assert (await store.append("b", "p", 0, ["own"])).version == 21
    assert (await store.append("a", "p", 200, ["more"])).version == 41
    assert await journal(store, "b") == [*lines[:100], "own"]
    first, copied = (await store.lines("a", 0))[0], (await store.lines("b", 0))[0]
    assert first == copied
    await store.close()
    store = Store(tmp_path / "s.db", "normal")
    (fork,) = [one for one in await store.sessions() if one.uid == "b"]
    assert (fork.source, fork.lines, fork.version) == ("a@20", 101, 21)
    await store.close()


async def test_appends_come_in_between_the_pieces_of_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PIECE_ROWS", 1)
    store = Store(tmp_path / "s.db", "normal")
    lines = await fill(store)
    forking = asyncio.create_task(store.fork(record("b", "b"), "a", 200))
    seen = []
    for n in range(10):
        await store.append("a", "", 0, [f"late {n}"])
        seen.append(forking.done())
        if "b" in [one.uid for one in await store.sessions()]:  # seen at all, it is whole
            assert await journal(store, "b") == lines
    assert not all(seen)
    await forking
    assert await journal(store, "b") == lines
    assert (await journal(store, "a"))[-1] == "late 9"
    await store.close()


async def test_a_name_that_is_taken_is_refused_before_anything_is_copied(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    lines = await fill(store)
    with pytest.raises(SticliError, match="already"):
        await store.fork(record("b", "a"), "a", 200)
    assert await journal(store, "a") == lines
    assert await journal(store, "b") == []
    await store.close()


async def test_nothing_is_left_of_a_fork_that_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the request goes away or the source does."""
    monkeypatch.setattr(copying, "PIECE_ROWS", 1)
    path = tmp_path / "s.db"
    store = Store(path, "normal")
    await fill(store)
    forking = asyncio.create_task(store.fork(record("b", "b"), "a", 200))
    await asyncio.sleep(0)
    forking.cancel()
    await asyncio.gather(forking, return_exceptions=True)
    forking = asyncio.create_task(store.fork(record("b", "b"), "a", 200))
    await asyncio.sleep(0)
    await store.remove("a")
    with pytest.raises(SticliError, match="removed"):
        await forking
    await store.create(record("c", "b"))  # the name is free again
    await store.close()
    assert rows(path) == (1, 0)


async def test_a_crash_in_the_middle_of_a_copy_leaves_no_half_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PIECE_ROWS", 1)
    path = tmp_path / "s.db"
    store = Store(path, "normal")
    lines = await fill(store)
    await store.close()
    database = sqlite3.connect(path, isolation_level=None)
    with monkeypatch.context() as patch:
        patch.setattr(removal, "sweep", lambda database: None)
        store = Store(path, "normal")
        forking = asyncio.create_task(store.fork(record("b", "b"), "a", 200))
        while rows(path)[1] < 45:
            await asyncio.sleep(0)
        copy = tmp_path / "killed.db"  # what a kill -9 leaves: the file as it is now
        with sqlite3.connect(copy) as target:
            database.backup(target)
        target.close()
        await forking
        await store.close()
    database.close()
    assert rows(copy) != (1, 40)
    store = Store(copy, "normal")
    assert [one.name for one in await store.sessions()] == ["a"]
    assert await journal(store, "a") == lines
    await store.fork(record("c", "b"), "a", 5)
    assert await journal(store, "c") == lines[:5]
    await store.close()
    assert rows(copy) == (2, 41)


def rows(path: Path) -> tuple[int, int]:
    """Sessions and batches in the file."""
    with sqlite3.connect(path) as database:
        counts = [
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("sessions", "batches")
        ]
    database.close()
    return counts[0], counts[1]
