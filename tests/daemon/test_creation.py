"""Forks over the wire: what they begin with, what they take from their source, what is refused."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sticli import protocol
from sticli.daemon.creation import create
from sticli.daemon.disk.records import SessionRecord
from sticli.daemon.messages import Settled
from sticli.daemon.sessions import Session, Sessions
from sticli.daemon.store import Store
from tests.daemon.conftest import Daemon
from tests.daemon.test_front import refused


async def texts(daemon: Daemon, name: str) -> list[str]:
    reply = await daemon.http.call("GET", f"/v1/sessions/{name}/lines")
    return [msgspec.json.decode(line)["text"] for line in reply.body.splitlines()]


async def source(daemon: Daemon, **more: Any) -> None:
    """Session s of three versions: 2, 1 and 2 lines."""
    await daemon.new("s", **more)
    await daemon.append("s", "a", "b", producer="p")
    await daemon.append("s", "c")
    await daemon.append("s", "d", "e")
    await daemon.settled("s")


async def test_a_fork_begins_as_its_source_is_or_was(daemon: Daemon) -> None:
    await source(daemon, system="be brief", limit=99, on_full="stop", tenant="t")
    await daemon.http.ok("POST", "/v1/sessions/s/flash", {"question": "how many?"})
    now = await daemon.http.ok("POST", "/v1/sessions/s/fork", {"name": "now"})
    msgspec.convert(now, protocol.Session)
    assert (now["source"], now["version"], now["lines"]) == ("s@3", 3, 5)
    kept = ("system", "limit", "on_full", "tenant", "flash")
    assert [now[key] for key in kept] == ["be brief", 99, "stop", "t", 0]
    then = await daemon.new("then", source="s", at={"version": 2}, system="", tenant="", limit=80)
    assert (then["source"], then["version"], then["lines"]) == ("s@2", 2, 3)
    assert [then[key] for key in kept] == ["", 80, "stop", "", 0]
    await daemon.append("then", "own", producer="p")
    await daemon.append("s", "f")
    assert await texts(daemon, "now") == ["a", "b", "c", "d", "e"]
    assert await texts(daemon, "then") == ["a", "b", "c", "own"]
    assert (await daemon.settled("then"))["settled"] == 3
    assert (await daemon.ask("then", "last?"))["answer"] == "4: own"
    assert (await daemon.ask("now", "last?"))["answer"] == "5: e"


async def test_a_fork_of_a_time_or_of_nothing(daemon: Daemon) -> None:
    await daemon.new("s")
    await daemon.append("s", "a")
    await asyncio.sleep(0.01)
    between = time.time()
    await asyncio.sleep(0.01)
    await daemon.append("s", "b")
    fork = {"name": "then", "at": {"time": between}}
    assert (await daemon.http.ok("POST", "/v1/sessions/s/fork", fork))["source"] == "s@1"
    assert await texts(daemon, "then") == ["a"]
    empty = await daemon.new("empty", source="s", at={"version": 0})
    assert (empty["source"], empty["lines"], empty["version"]) == ("s@0", 0, 0)
    again = await daemon.new("again", source="empty")
    assert again["source"] == "empty@0"
    assert (await daemon.append("again", "x"))["version"] == 1


async def test_forks_outlive_a_restart_and_their_source(daemon: Daemon) -> None:
    await source(daemon, tenant="t")
    await daemon.new("fork", source="s", at={"version": 2})
    await daemon.http.ok("DELETE", "/v1/sessions/s")
    await daemon.stop()
    await daemon.start()
    fork = await daemon.settled("fork")
    assert (fork["source"], fork["tenant"], fork["lines"]) == ("s@2", "t", 3)
    assert (await daemon.ask("fork", "last?"))["answer"] == "3: c"
    assert "open fork 't' False 0" in daemon.heard()


BAD: list[tuple[str, str, dict[str, object]]] = [
    ("/v1/sessions", "not_found", {"name": "n", "source": "none"}),
    ("/v1/sessions", "bad_request", {"name": "n", "source": "x" * 10_000}),
    ("/v1/sessions", "exists", {"name": "s", "source": "s"}),
    ("/v1/sessions", "bad_request", {"name": "n", "at": {"version": 1}}),
    ("/v1/sessions", "bad_request", {"name": "n", "source": "s", "at": {}}),
    ("/v1/sessions", "bad_request", {"name": "n", "source": "s", "at": {"version": 4}}),
    ("/v1/sessions", "bad_request", {"name": "n", "source": "s", "at": {"version": -1}}),
    ("/v1/sessions", "bad_request", {"name": "n", "source": "s", "at": {"time": 1.0}}),
    ("/v1/sessions", "bad_request", {"name": "n", "source": "s", "at": {"time": 1, "version": 1}}),
    ("/v1/sessions", "bad_request", {"name": "n", "tenant": "a b"}),
    ("/v1/sessions/s/fork", "bad_request", {"name": "a/b"}),
    ("/v1/sessions/s/fork", "exists", {"name": "s"}),
    ("/v1/sessions/none/fork", "not_found", {"name": "n"}),
]


@pytest.mark.parametrize(("path", "code", "body"), BAD)
async def test_what_cannot_be_forked_is_refused_and_leaves_nothing(
    daemon: Daemon, path: str, code: str, body: dict[str, object]
) -> None:
    await source(daemon)
    _, found = await refused(daemon, "POST", path, body)
    assert found == code
    assert [one["name"] for one in await daemon.http.ok("GET", "/v1/sessions")] == ["s"]
    assert (await daemon.session("s"))["lines"] == 5


@pytest.mark.parametrize(("version", "begins"), [(1, 0), (2, 0), (3, 3)])
async def test_a_fork_keeps_the_window_where_it_lies_behind_it(
    tmp_path: Path, version: int, begins: int
) -> None:
    """The window begins with line 3 (from 0); versions end with lines 2, 3 and 5."""
    store = Store(tmp_path / "s.db", "normal")
    record = SessionRecord("u", "s", None, None, 1.0, 1.0)
    await store.create(record)
    session = Session(record)
    for lines in (["a", "b"], ["c"], ["d", "e"]):
        session.accepted(await store.append("u", "", 0, lines))
    session.settle(Settled("s", 5, 3, 50, 3))
    sessions = Sessions()
    sessions.add(session)
    request = protocol.NewSession("fork", source="s", at=protocol.At(version=version))
    made = await create(request, sessions, store)
    assert (made.window_from, made.version) == (begins, version)
    (kept,) = [one for one in await store.sessions() if one.name == "fork"]
    assert kept == made.record
    await store.close()


async def test_sessions_that_are_made_at_once_keep_the_limit(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "MAX_SESSIONS", 3)
    bodies = [{"name": f"n{number}"} for number in range(10)]
    making = [daemon.http.call("POST", "/v1/sessions", body) for body in bodies]
    statuses = [reply.status for reply in await asyncio.gather(*making)]
    assert sorted(statuses) == [201] * 3 + [503] * 7
    assert len(await daemon.http.ok("GET", "/v1/sessions")) == 3
