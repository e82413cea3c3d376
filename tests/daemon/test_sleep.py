"""A front whose worker sleeps: what wakes it, what does not, and that nothing is lost."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sticli.config import Settings
from sticli.daemon import supervisor
from sticli.paths import resolve
from tests.daemon import prometheus
from tests.daemon.conftest import SLOW, Daemon, Http, until

SOON = 0.05  # seconds without a visit

Start = Callable[..., Awaitable[Daemon]]


@pytest.fixture
async def start(home: Path, tmp_path: Path) -> AsyncIterator[Start]:
    started: list[Daemon] = []

    async def one(**settings: Any) -> Daemon:
        paths = resolve()
        found = Daemon(paths, tmp_path, Settings(**settings), Http(paths.socket))
        await found.start()
        started.append(found)
        return found

    yield one
    for found in started:
        for name in ("lingers", "stall", "loads", "hang"):
            (tmp_path / name).unlink(missing_ok=True)
        await found.stop()


async def worker(daemon: Daemon) -> str:
    return str((await daemon.status())["worker"])


async def asleep(daemon: Daemon) -> None:
    async def look() -> bool:
        return await worker(daemon) == "asleep"

    await until(look)


async def ready(daemon: Daemon) -> None:
    async def look() -> bool:
        return await worker(daemon) == "ready"

    await until(look)


def opens(daemon: Daemon) -> int:
    return sum(line.startswith("open ") for line in daemon.heard())


async def settled(daemon: Daemon, version: int) -> None:
    """Until so much has settled, whatever the worker does by then."""

    async def look() -> bool:
        return bool((await daemon.session("s"))["settled"] == version)

    await until(look)


async def filled(daemon: Daemon) -> None:
    await daemon.new("s")
    await daemon.append("s", "one", "two")
    await settled(daemon, 1)
    await daemon.http.ok("POST", "/v1/sessions/s/flash", {"question": "how many?"})

    async def answered() -> bool:
        (flash,) = await daemon.http.ok("GET", "/v1/sessions/s/flash")
        return flash["answer"] is not None

    await until(answered)


async def test_it_sleeps_serves_what_it_knows_and_looks_do_not_wake_it(start: Start) -> None:
    daemon = await start(unload_after_s=SOON)
    await filled(daemon)
    await asleep(daemon)
    before = opens(daemon)
    status = await daemon.status()
    assert (status["restarts"], status["worker_pid"], status["last_error"]) == (0, None, "")
    session = await daemon.session("s")
    assert (session["state"], session["place"], session["pending"]) == ("asleep", "", 0)
    assert (session["settled"], session["tokens"]) == (1, 2)
    known = await daemon.ask("s", "how many?")
    assert (known["answer"], known["source"], known["fresh"]) == ("2", "flash", True)
    (flash,) = await daemon.http.ok("GET", "/v1/sessions/s/flash")
    assert flash["fresh"]
    reply = await daemon.http.call("GET", "/v1/sessions/s/explain")
    assert (reply.status, b"sleeps" in reply.body) == (503, True)
    found = prometheus.parse((await daemon.http.call("GET", "/metrics")).body.decode())
    assert found["sticli_worker_asleep"].samples[("", frozenset())] == 1
    assert found["sticli_worker_ready"].samples[("", frozenset())] == 0
    await daemon.http.ok("PUT", "/v1/sessions/s/pin", {"pinned": True})
    assert (await worker(daemon), opens(daemon)) == ("asleep", before)


async def test_a_question_wakes_it_and_is_answered(start: Start, tmp_path: Path) -> None:
    daemon = await start(unload_after_s=SOON)
    await filled(daemon)
    await asleep(daemon)
    (tmp_path / "loads").touch()
    reader, writer = await daemon.http.open(
        "POST", "/v1/sessions/s/ask", {"question": "what came last?", "stream": True}
    )
    async with asyncio.timeout(SLOW):
        await reader.readuntil(b"the worker loads the model")
        (tmp_path / "loads").unlink()
        assert b"2: two" in await reader.readuntil(b"event: answer") + await reader.read(4000)
    writer.close()
    assert (await daemon.status())["restarts"] == 0


async def test_lines_wake_it(start: Start) -> None:
    daemon = await start(unload_after_s=SOON)
    await filled(daemon)
    await asleep(daemon)
    accepted = await daemon.append("s", "three", producer="p")
    assert accepted["version"] == 2
    await settled(daemon, 2)
    assert (await daemon.ask("s", "what came last?", live=True))["answer"] == "3: three"
    before = opens(daemon)
    await asleep(daemon)
    await daemon.append("s", "three", producer="p", first_seq=0)  # a retry brings nothing new
    assert (await worker(daemon), opens(daemon)) == ("asleep", before)


async def test_what_is_known_of_older_lines_is_not_given_for_new_ones(
    start: Start, tmp_path: Path
) -> None:
    daemon = await start(unload_after_s=SOON)
    await filled(daemon)
    await asleep(daemon)
    (tmp_path / "loads").touch()
    await daemon.append("s", "three")
    (flash,) = await daemon.http.ok("GET", "/v1/sessions/s/flash")
    assert not flash["fresh"]
    waiting = asyncio.create_task(daemon.ask("s", "how many?", min_version=2))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    (tmp_path / "loads").unlink()
    assert (await waiting)["answer"].startswith("3")


async def test_what_is_new_wakes_it(start: Start) -> None:
    daemon = await start(unload_after_s=SOON)
    await filled(daemon)
    for path, body in (
        ("/v1/sessions", {"name": "t"}),
        ("/v1/sessions/s/flash", {"question": "and how many now?"}),
        ("/v1/sessions/s/fork", {"name": "u"}),
    ):
        await asleep(daemon)
        before = opens(daemon)
        await daemon.http.ok("POST", path, body)
        await until(lambda before=before: opens(daemon) > before)  # type: ignore[misc]


async def test_a_full_session_stays_full_and_a_refusal_wakes_nobody(start: Start) -> None:
    daemon = await start(unload_after_s=SOON)
    await daemon.new("s", limit=64)
    await daemon.append("s", *(f"line {n}" for n in range(65)))

    async def full() -> bool:
        return (await daemon.session("s"))["tokens"] == 64

    await until(full)
    await asleep(daemon)
    before, body = opens(daemon), {"lines": ["d"]}
    reply = await daemon.http.call("POST", "/v1/sessions/s/lines", body)
    assert (reply.status, reply.json()["error"]["code"]) == (400, "context_length_exceeded")
    assert (await worker(daemon), opens(daemon)) == ("asleep", before)


async def test_who_comes_while_it_leaves_wakes_it_at_once(start: Start, tmp_path: Path) -> None:
    daemon = await start(unload_after_s=SOON)
    await filled(daemon)
    await asleep(daemon)
    rests = daemon.heard().count("rest")
    (tmp_path / "lingers").touch()
    await daemon.ask("s", "what came last?", live=True)
    await until(lambda: daemon.heard().count("rest") > rests)
    await daemon.append("s", "three")
    question = asyncio.create_task(daemon.ask("s", "everything", live=True))
    await asyncio.sleep(0.05)
    assert not question.done()
    (tmp_path / "lingers").unlink()
    assert "one|two" in (await question)["answer"]
    assert (await daemon.status())["restarts"] == 0
    assert (await daemon.ask("s", "everything", live=True, min_version=2))["answer"] == (
        "one|two|three"
    )


async def test_a_death_while_it_falls_asleep_is_a_death(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    (tmp_path / "dies").touch()
    daemon = await start(unload_after_s=SOON)
    await filled(daemon)

    async def again() -> bool:
        return bool((await daemon.status())["restarts"] == 1)

    await until(again)
    await asleep(daemon)  # the next time, though nobody came
    assert "exit code 9" in (await daemon.status())["last_error"]
    assert (await daemon.ask("s", "what came last?", live=True))["answer"] == "2: two"


async def test_nobody_is_sent_to_bed_at_work(start: Start, tmp_path: Path) -> None:
    daemon = await start(unload_after_s=SOON)
    await daemon.new("s")
    (tmp_path / "stall").touch()
    await daemon.append("s", "one")
    await ready(daemon)
    await asyncio.sleep(4 * SOON)
    assert "rest" not in daemon.heard()
    (tmp_path / "stall").unlink()
    await settled(daemon, 1)
    _, writer = await daemon.http.open("POST", "/v1/sessions/s/ask", {"question": "wait"})
    await until(lambda: any(line.endswith(" wait") for line in daemon.heard()))
    heard = daemon.heard()
    await asyncio.sleep(4 * SOON)
    assert daemon.heard() == heard
    writer.close()
    await writer.wait_closed()


async def test_a_stop_while_it_sleeps(start: Start) -> None:
    daemon = await start(unload_after_s=SOON)
    await filled(daemon)
    await asleep(daemon)
    await daemon.stop()
    again = await start()
    assert (await again.ask("s", "everything"))["answer"] == "one|two"


async def test_whatever_comes_at_whatever_moment_nothing_is_lost(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "KILLED_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "LOOP_DEATHS", 1000)
    dice = random.Random(3)
    daemon = await start(unload_after_s=0.02)
    texts: list[str] = []
    await daemon.new("s", limit=1000)
    for step in range(12):
        await asyncio.sleep(dice.choice((0.0, 0.02, 0.021, 0.03, 0.08)))
        match dice.randrange(4):
            case 0 | 1:
                texts.append(f"line {step}")
                await daemon.append("s", texts[-1])
            case 2:
                await asyncio.gather(*(daemon.ask("s", "everything", live=True) for _ in "ab"))
            case _:
                (tmp_path / "dies").touch()
                await asyncio.sleep(0.03)
                (tmp_path / "dies").unlink(missing_ok=True)
    version = (await daemon.session("s"))["version"]
    found = await daemon.ask("s", "everything", live=True, min_version=version)
    assert found["answer"] == "|".join(texts)
    (tmp_path / "dies").unlink(missing_ok=True)
    await asleep(daemon)
    assert (await daemon.session("s"))["pending"] == 0
