"""The bus: replay, cursors, filters, slow readers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from sticli import protocol
from sticli.daemon.events import QUEUE, Bus, Subscriber
from sticli.daemon.store import Store
from sticli.protocol import Event
from tests.daemon.conftest import SLOW, Daemon


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    one = Store(tmp_path / "s.db", "normal")
    yield one
    await one.close()


async def bus_of(store: Store, count: int) -> Bus:
    bus = Bus(store)
    await bus.load()
    for n in range(count):
        await bus.publish("answer" if n % 2 else "session", "ab"[n % 3 > 0], {"n": n})
    return bus


def listen(
    bus: Bus,
    session: str | None = None,
    types: frozenset[str] = frozenset(),
    since: int | None = None,
) -> Subscriber:
    return bus.subscribe(session, types, since, {})


def kinds(subscriber: Subscriber) -> list[str]:
    return [event.type for event in subscriber.waiting]


async def test_replay_goes_on_after_the_cursor(store: Store) -> None:
    bus = await bus_of(store, 9)
    replay = listen(bus, since=5)
    assert kinds(replay)[0] == "connected"
    assert replay.waiting[0].data["cursor"] == 9
    assert [event.id for event in replay.waiting][1:] == [6, 7, 8, 9]
    await bus.publish("answer", "a", {"n": 9})
    assert replay.waiting[-1].id == 10
    assert kinds(listen(bus)) == ["connected"]


async def test_replay_and_live_events_are_filtered(store: Store) -> None:
    bus = await bus_of(store, 9)
    one = listen(bus, "a", frozenset({"answer"}), 0)
    await bus.publish("answer", "b", {})
    await bus.publish("session", "a", {})
    await bus.publish("answer", "a", {"n": 11})
    data = [event.data["n"] for event in list(one.waiting)[1:]]
    assert data == [n for n in range(9) if n % 2 and n % 3 == 0] + [11]


async def test_ids_go_on_after_a_restart_and_live_events_take_none(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    bus = await bus_of(store, 3)
    reader = listen(bus)
    bus.show("settled", "a", {})
    assert reader.waiting[-1].id == 3
    await store.close()
    store = Store(tmp_path / "s.db", "normal")
    again = await bus_of(store, 1)
    replay = listen(again, since=reader.waiting[-1].id)
    assert [event.id for event in replay.waiting] == [4, 4]
    await store.close()


async def test_a_cursor_that_the_ring_lost_is_said_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sticli.daemon.disk.notebook.RING", 5)
    await bus_of(store, 20)
    bus = await bus_of(store, 0)
    assert kinds(listen(bus, since=3))[:2] == ["connected", "stale"]
    assert [event.id for event in listen(bus, since=3).waiting][2:] == [16, 17, 18, 19, 20]
    assert "stale" not in kinds(listen(bus, since=15))
    assert kinds(listen(bus, since=99))[:2] == ["connected", "stale"]


async def test_a_slow_reader_is_cut_off_and_others_are_not(store: Store) -> None:
    bus = await bus_of(store, 0)
    slow, quick = listen(bus), listen(bus)
    for _ in range(QUEUE + 10):
        bus.show("settled", "a", {})
        quick.waiting.clear()
    assert slow.ended
    assert len(slow.waiting) == QUEUE
    assert "behind" in str(bus.farewell(slow).data["reason"])
    assert not quick.ended


async def test_a_full_disk_loses_no_live_event(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = await bus_of(store, 2)
    reader = listen(bus)
    with monkeypatch.context() as patch:
        patch.setattr("sticli.daemon.disk.notebook.RING", "no number")
        heard = list[Event]()
        told = bus.publish("answer", "a", {"n": 1}, heard.append)
        await asyncio.gather(told, return_exceptions=True)
        await asyncio.sleep(0)
    assert heard == [reader.waiting[-1]]
    assert reader.waiting[-1].data == {"n": 1}
    assert reader.waiting[-1].id == 2


async def test_sse_carries_ids_and_resumes_from_the_last_one(daemon: Daemon) -> None:
    await daemon.new("a")
    await daemon.new("b")
    reader, writer = await daemon.http.open("GET", "/v1/events?since=0&session=b")
    async with asyncio.timeout(SLOW):
        connected = await reader.readuntil(b"event: connected\n")
        assert b"text/event-stream" in connected
        created = await reader.readuntil(b'"created"}}\n\n')
        assert b'"session":"b"' in created
        assert b'"session":"a"' not in created
    key = created.split(b"id: ")[-1].split(b"\n")[0].decode()
    writer.close()
    reader, writer = await daemon.http.open(
        "GET", "/v1/events?type=session", last_event_id=key, accept="application/x-ndjson"
    )
    async with asyncio.timeout(SLOW):
        await daemon.new("c")
        while b'"session":"c"' not in (line := await reader.readline()):
            if line.startswith(b"{"):
                event = msgspec.json.decode(line, type=protocol.Event)
                assert event.type == "connected" or event.id > int(key)
        await daemon.stop()
        rest = await reader.read()
    assert b"the daemon stops" in rest
    writer.close()


async def test_silence_has_a_heartbeat(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sticli.daemon.service.HEARTBEAT", 0.1)
    reader, writer = await daemon.http.open("GET", "/v1/events?type=none")
    async with asyncio.timeout(SLOW):
        await reader.readuntil(b"event: heartbeat\n")
    writer.close()


async def test_a_cursor_that_no_event_has_is_none(daemon: Daemon) -> None:
    reader, writer = await daemon.http.open("GET", "/v1/events", last_event_id="9" * 5000)
    assert b" 200 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
