"""A feed faster than the model: what was dropped stays dropped, whoever is killed, and when."""

import os
import signal
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from sticli.daemon.disk.records import Drop
from sticli.daemon.reading import marker
from sticli.demo.world.market import Market
from sticli.paths import resolve
from tests.daemon.conftest import Http, until
from tests.e2e.conftest import Person

LIMIT = 2_000  # tokens, about 100 lines
LINES, BATCH = 1_000, 50
QUESTIONS = ("which symbol traded last?", f"last price of {Market(seed=5).symbols[0]}?")


def ticks(count: int) -> list[str]:
    feed = Market(seed=5)
    return [feed.line() for _ in range(count)]


async def settled(http: Http, name: str) -> Any:
    async def found() -> Any:
        session = await http.ok("GET", f"/v1/sessions/{name}")
        return session if session["state"] == "live" and not session["pending"] else None

    return await until(found)


async def answers(http: Http, name: str) -> list[Any]:
    """Answers and their confidences, from the model as it is."""
    await settled(http, name)
    path = f"/v1/sessions/{name}/ask"
    found = [await http.ok("POST", path, {"question": one, "live": True}) for one in QUESTIONS]
    return [(one["answer"], pytest.approx(one["confidence"], abs=0.1)) for one in found]


async def alike(http: Http, one: str, other: str) -> None:
    """Once their windows have come to rest, two sessions answer alike."""

    async def found() -> bool:
        return bool(await answers(http, one) == await answers(http, other))

    await until(found)


def read(session: str, lines: list[str]) -> list[str]:
    """The journal's lines with the stored runs replaced."""
    with closing(sqlite3.connect(resolve(os.environ).database)) as database:
        rows = database.execute(
            "SELECT first, count, told FROM drops JOIN sessions ON session = uid WHERE name = ?",
            (session,),
        ).fetchall()
    found: list[str | None] = list(lines)
    for run in (Drop(*row) for row in rows):
        found[run.first : run.end] = [marker(run)] + [None] * (run.count - 1)
    return [line for line in found if line is not None]


async def waits(http: Http, name: str, lines: list[str]) -> None:
    """Append to a new session, which loses nothing."""
    await http.ok("POST", "/v1/sessions", {"name": name})
    for first in range(0, len(lines), BATCH):
        body = {"lines": lines[first : first + BATCH]}
        accepted = await http.ok("POST", f"/v1/sessions/{name}/lines", body)
        assert accepted["dropped"] == 0
    assert (await settled(http, name))["settled_lines"] == len(lines)


async def test_a_burst_is_read_in_part_and_always_the_same_part(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STICLI_PENDING_TOKENS", str(LIMIT))
    person.run("new", "s")
    http, lines = Http(resolve(os.environ).socket), ticks(LINES)
    for first in range(0, LINES, BATCH):
        body = {"lines": lines[first : first + BATCH], "on_busy": "drop-oldest"}
        accepted = await http.ok("POST", "/v1/sessions/s/lines", body)
        # a restart's replay comes on top, and tokens are estimated by characters
        assert accepted["pending_tokens"] <= 2.2 * LIMIT
        if first in (LINES // 4, LINES // 2):
            front, worker = person.pids()
            os.kill(worker if first < LINES // 2 else front, signal.SIGKILL)
            person.run("daemon", "start")
    session = await settled(http, "s")
    assert LINES // 2 < session["dropped"] < LINES
    assert session["settled_lines"] == LINES
    kept = read("s", lines)
    assert sum(line.startswith("[sticli: ") for line in kept) > 1
    await waits(http, "lone", kept)
    await alike(http, "s", "lone")
