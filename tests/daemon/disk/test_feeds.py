"""Feeds: a position is stored with its lines or not at all, and the newest run is the only one."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sticli.daemon.disk import feeds
from sticli.daemon.disk.migrations import STEPS, migrate
from sticli.daemon.disk.records import Appended, SessionRecord
from sticli.daemon.store import Store
from sticli.errors import SticliError
from sticli.feed import MAX_FEEDS, NewFeed


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    one = Store(tmp_path / "s.db", "normal")
    await one.create(SessionRecord("u", "n", None, None, 1.0, 1.0))
    yield one
    await one.close()


LOG = NewFeed("follows /log", lasting=True)


async def test_a_position_is_stored_with_its_lines(store: Store) -> None:
    new = await store.register("u", "p", LOG)
    assert (new.run, new.next_seq, new.position, new.description) == (1, 0, "", "follows /log")
    await store.append("u", "p", 0, ["a", "b"], None, "after b", new.run)
    assert [(one.next_seq, one.position) for one in await store.feeds("u")] == [(2, "after b")]
    await store.append("u", "p", 0, ["a"], None, "after a", new.run)  # a retry that comes late
    await store.append("u", "p", 1, ["b", "c"], None, "after c", new.run)
    again = await store.register("u", "p", LOG)
    assert (again.run, again.next_seq, again.position) == (2, 3, "after c")
    assert again.lasting


async def test_a_refused_batch_moves_no_position(store: Store) -> None:
    await store.append("u", "p", 0, ["a"], None, "after a")
    full = SticliError("context_length_exceeded", "full", "go elsewhere")
    for first, refusal in ((1, full), (7, None)):
        with pytest.raises(SticliError):
            await store.append("u", "p", first, ["b"], refusal, "after b")
    assert (await store.register("u", "p", LOG)).position == "after a"


async def test_a_position_may_come_without_lines(store: Store) -> None:
    appended = await store.append("u", "p", 0, [], None, "nothing fitted")
    assert (appended.batch, appended.version) == (None, 0)
    assert (await store.register("u", "p", LOG)).position == "nothing fitted"
    await store.append("u", "p", 0, ["a"], None, "", 1)  # says nothing of it: it stays
    assert (await store.register("u", "p", LOG)).position == "nothing fitted"


async def test_what_an_earlier_run_still_had_on_the_way_is_refused(store: Store) -> None:
    first = await store.register("u", "p", LOG)
    second = store.register("u", "p", LOG)
    late = store.append("u", "p", 0, ["late"], None, "after late", first.run)
    with pytest.raises(SticliError) as refused:
        await late
    assert refused.value.code == "taken"
    assert (await second).next_seq == 0
    await store.append("u", "p", 0, ["a"], None, "after a", 2)
    assert [batch.texts for batch in await store.lines("u", 0)] == [["a"]]


async def test_so_many_are_listed_and_those_that_come_back_stay(store: Store) -> None:
    kept = [await store.register("u", "kept", LOG)]
    for number in range(MAX_FEEDS + 5):
        await store.register("u", f"pipe {number}", NewFeed("pipe, --grep x"))
    found = await store.feeds("u")
    assert len(found) == MAX_FEEDS
    assert [one.producer for one in found][:2] == [f"pipe {MAX_FEEDS + n}" for n in (4, 3)]
    assert found[-1].producer == kept[0].producer
    gone = await store.append("u", "pipe 0", 0, ["still works"], None, "", 1)
    assert gone.lines == 1


async def test_feeds_are_the_session_s_own(store: Store) -> None:
    await store.append("u", "p", 0, ["a"], None, "after a")
    await store.register("u", "p", LOG)
    await store.fork(SessionRecord("v", "m", None, None, 1.0, 1.0), "u", 1)
    assert await store.feeds("v") == []
    await store.remove("u")
    assert await store.feeds("u") == []
    with pytest.raises(SticliError, match="removed"):
        await store.register("u", "p", LOG)


def test_a_store_of_before_has_its_producers_still() -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    migrate(database, STEPS[:3])
    database.execute("INSERT INTO producers (session, producer, next_seq) VALUES ('u', 'p', 7)")
    migrate(database)
    assert feeds.next_seq(database, "u", "p", 0) == 7
    assert feeds.read(database, "u") == []
    database.close()


async def test_registrations_and_appends_at_once_lose_nothing(store: Store) -> None:
    """Every run begins behind all lines that were taken of those before it."""

    async def run(number: int) -> list[str]:
        feed = await store.register("u", "p", LOG)
        lines = [f"{number} {step}" for step in range(5)]
        appends = (
            store.append("u", "p", feed.next_seq + step, [line], None, line, feed.run)
            for step, line in enumerate(lines)
        )
        found = await asyncio.gather(*appends, return_exceptions=True)
        codes = {one.code for one in found if isinstance(one, SticliError)}
        assert codes <= {"taken"}
        return [line for line, one in zip(lines, found, strict=True) if isinstance(one, Appended)]

    took = await asyncio.gather(*(run(number) for number in range(8)))
    stored = [line for batch in await store.lines("u", 0) for line in batch.texts]
    assert sorted(stored) == sorted(line for lines in took for line in lines)
    assert (await store.feeds("u"))[0].position == stored[-1]
