"""A worker that stalls: replies are held back, or the oldest lines are dropped, for good."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from sticli.daemon import pressure, service, supervisor
from sticli.daemon.disk.records import Drop
from sticli.daemon.reading import marker
from sticli.daemon.store import Store
from sticli.errors import SticliError
from tests.daemon.conftest import Daemon, until

LIMIT = 10_000  # tokens, about 20,000 characters
LINE = 500  # characters


def batch(first: int, count: int = 10) -> list[str]:
    return [f"{n} ".ljust(LINE - 1, ".") for n in range(first, first + count)]


@pytest.fixture
async def stalled(daemon: Daemon) -> AsyncIterator[Daemon]:
    """A daemon whose worker stalls, with a session."""
    await daemon.stop()
    daemon.settings = msgspec.structs.replace(daemon.settings, pending_tokens=LIMIT)
    await daemon.start()
    await daemon.new("s", limit=900)
    await daemon.settled("s")
    (daemon.folder / "stall").touch()
    yield daemon
    (daemon.folder / "stall").unlink(missing_ok=True)


async def dropped(daemon: Daemon) -> list[Drop]:
    """The runs that the events tell of, once the last of them is there."""
    wanted = (await daemon.session("s"))["dropped"]

    async def all_told() -> list[Drop] | None:
        query = "/v1/events?since=0&type=dropped"
        reader, writer = await daemon.http.open("GET", query, accept="application/x-ndjson")
        found: list[Drop] = []
        try:
            async with asyncio.timeout(0.5):
                while line := await reader.readline():
                    if b'"type":"dropped"' in line:
                        data = msgspec.json.decode(line[line.index(b"{") :])["data"]
                        found.append(Drop(data["first"] - 1, data["count"], data["count"]))
        except TimeoutError:
            pass  # the stream has no end
        writer.close()
        return found if sum(run.count for run in found) == wanted else None

    runs: list[Drop] = await until(all_told)
    return runs


async def reading(daemon: Daemon) -> list[str]:
    """What the worker holds, line by line; nothing for lines that are not read."""
    await daemon.settled("s")
    return str((await daemon.ask("s", "everything", live=True))["answer"]).split("|")


async def journal(daemon: Daemon) -> list[str]:
    reply = await daemon.http.call("GET", "/v1/sessions/s/lines")
    return [msgspec.json.decode(line)["text"] for line in reply.body.splitlines()]


def mapped(lines: list[str], runs: list[Drop]) -> list[str]:
    found = list(lines)
    for run in runs:
        found[run.first : run.end] = [marker(run)] + [""] * (run.count - 1)
    return found


async def pour(daemon: Daemon, count: int, **more: Any) -> list[Any]:
    """Append so many batches."""
    lines = (await daemon.session("s"))["lines"]
    return [await daemon.append("s", *batch(lines + 10 * n), **more) for n in range(count)]


async def test_the_oldest_lines_are_dropped_and_the_reply_is_never_held_back(
    stalled: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SLOWED", 1e6)  # a reply that waits would wait for ever
    replies = await pour(stalled, 40, on_busy="drop-oldest")
    assert replies[1]["dropped"] == 0
    assert replies[-1]["dropped"] > 200
    assert all(reply["pending_tokens"] <= LIMIT for reply in replies)
    assert replies[-1]["lines"] == 400
    (stalled.folder / "stall").unlink()
    found = await reading(stalled)
    runs = await dropped(stalled)
    lines = await journal(stalled)
    assert lines == batch(0, 400)
    assert found == mapped(lines, runs)
    assert lines[-20:] == found[-20:]  # what is recent is read
    assert (await stalled.session("s"))["dropped"] == sum(run.count for run in runs)
    metrics = (await stalled.http.call("GET", "/metrics")).body.decode()
    assert f"sticli_dropped_lines_total {sum(run.count for run in runs)}\n" in metrics


async def test_what_was_dropped_stays_so_when_worker_and_front_come_again(stalled: Daemon) -> None:
    await pour(stalled, 12, on_busy="drop-oldest")
    (stalled.folder / "stall").unlink()
    found = await reading(stalled)
    runs = await dropped(stalled)
    assert found == mapped(batch(0, 120), runs)
    await stalled.ask("s", "die once")
    assert await reading(stalled) == found
    session = await stalled.session("s")
    await stalled.stop()
    await stalled.start()
    assert await reading(stalled) == found
    again = await stalled.session("s")
    assert again["dropped"] == session["dropped"] > 0
    assert again["pending_tokens"] == 0
    (stalled.folder / "stall").touch()
    replies = await pour(stalled, 40, on_busy="drop-oldest")
    assert replies[-1]["dropped"] > again["dropped"]
    (stalled.folder / "stall").unlink()
    more = await reading(stalled)
    assert more[:120] == found
    assert more == mapped(batch(0, 520), await dropped(stalled))


async def test_no_marker_is_read_before_the_store_has_it(
    stalled: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure, "RETRY", 0.01)
    tries: list[str] = []

    def full_disk(store: Store, uid: str, runs: object) -> "asyncio.Future[None]":
        tries.append(uid)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_exception(SticliError("storage", "the disk is full"))
        return future

    with monkeypatch.context() as patch:
        patch.setattr(Store, "keep_drops", full_disk)
        await pour(stalled, 12, on_busy="drop-oldest")
        (stalled.folder / "stall").unlink()
        before = len(tries)
        await until(lambda: len(tries) > before + 5)
        held = str((await stalled.ask("s", "everything", live=True))["answer"]).split("|")
        assert held == batch(0, len(held))
        assert len(held) < 120
    found = await reading(stalled)
    assert found == mapped(batch(0, 120), await dropped(stalled)) != batch(0, 120)


async def test_a_fork_reads_what_its_source_does(stalled: Daemon) -> None:
    await pour(stalled, 12, on_busy="drop-oldest")
    (stalled.folder / "stall").unlink()
    found = await reading(stalled)
    forked = await stalled.new("t", source="s")
    assert forked["dropped"] == (await stalled.session("s"))["dropped"] > 0
    await stalled.settled("t")
    assert (await stalled.ask("t", "everything"))["answer"].split("|") == found


async def test_who_waits_loses_nothing_and_is_held_back(
    stalled: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SLOWED", 0.05)
    replies = await pour(stalled, 12)
    assert replies[-1]["pending_tokens"] > LIMIT  # the wait is bounded
    monkeypatch.setattr(service, "SLOWED", 1e6)
    waiting = asyncio.create_task(stalled.append("s", *batch(120)))

    async def journalled() -> bool:
        return bool((await stalled.session("s"))["lines"] == 130)

    await until(journalled)
    await asyncio.sleep(0.1)
    assert not waiting.done()
    (stalled.folder / "stall").unlink()
    assert (await waiting)["pending_tokens"] <= LIMIT
    assert await reading(stalled) == batch(0, 130)
    assert (await stalled.session("s"))["dropped"] == 0


async def test_the_estimate_is_right_again_after_every_restart(
    stalled: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_LIMIT", 0.1)  # a worker that stalls does not stop
    lines = batch(0, 20)  # 10,000 characters, half the limit
    await stalled.append("s", *lines)
    wanted = (await stalled.session("s"))["pending_tokens"]
    assert wanted == 5_000
    await stalled.stop()
    await stalled.start()

    async def known() -> bool:
        return bool((await stalled.session("s"))["state"] == "opening")

    await until(known)
    assert (await stalled.session("s"))["pending_tokens"] == wanted
    (stalled.folder / "stall").unlink()
    assert (await stalled.settled("s"))["pending_tokens"] == 0
