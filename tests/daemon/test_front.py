"""The whole front over its real socket, with a scripted worker: sessions, lines, refusals."""

import asyncio
from typing import Any

import msgspec
import pytest

from sticli import protocol
from tests.daemon.conftest import SLOW, Daemon, until


async def refused(daemon: Daemon, method: str, path: str, body: object = None) -> tuple[int, str]:
    """Status and code of a refusal, which must be one line for a person."""
    reply = await daemon.http.call(method, path, body)
    failure = msgspec.json.decode(reply.body, type=protocol.Failure)
    assert failure.error.message
    assert "\n" not in failure.error.message
    return reply.status, failure.error.code


async def lines(daemon: Daemon, query: str = "") -> list[Any]:
    reply = await daemon.http.call("GET", f"/v1/sessions/s/lines{query}")
    return [msgspec.json.decode(line) for line in reply.body.splitlines()]


async def test_append_then_ask(daemon: Daemon) -> None:
    created = await daemon.new("s")
    assert (created["name"], created["lines"]) == ("s", 0)
    accepted = await daemon.append("s", "one", "two", producer="p")
    assert (accepted["accepted_seq"], accepted["version"]) == (2, 1)
    session = await daemon.settled("s")
    assert (session["settled"], session["window_from"]) == (1, 1)
    answer = await daemon.ask("s", "what came last?")
    assert (answer["answer"], answer["source"]) == ("2: two", "live")
    assert (answer["version"], answer["fresh"], answer["window_from"]) == (1, True, 1)
    assert answer["total_ms"] >= answer["ttft_ms"] > 0


async def test_a_retry_is_acknowledged_and_changes_nothing(daemon: Daemon) -> None:
    await daemon.new("s")
    for _ in range(3):
        accepted = await daemon.append("s", "a", "b", producer="p")
        assert (accepted["accepted_seq"], accepted["lines"], accepted["version"]) == (2, 2, 1)
    body = {"lines": ["z"], "producer": "p", "first_seq": 9}
    assert await refused(daemon, "POST", "/v1/sessions/s/lines", body) == (409, "sequence_gap")


async def test_the_journal_is_read_from_any_line(daemon: Daemon) -> None:
    await daemon.new("s")
    await daemon.append("s", "a", "b", "c")
    await daemon.append("s", "d", "e")
    found = await lines(daemon)
    assert [(line["seq"], line["version"], line["text"]) for line in found] == [
        (1, 1, "a"),
        (2, 1, "b"),
        (3, 1, "c"),
        (4, 2, "d"),
        (5, 2, "e"),
    ]
    assert [line["text"] for line in await lines(daemon, "?from=2&limit=3")] == ["b", "c", "d"]
    assert await lines(daemon, "?from=6") == []


async def test_the_journal_is_followed_until_the_daemon_stops(daemon: Daemon) -> None:
    await daemon.new("s")
    await daemon.append("s", "a")
    reader, writer = await daemon.http.open("GET", "/v1/sessions/s/lines?follow=1")
    async with asyncio.timeout(SLOW):
        await reader.readuntil(b'"a"}\n')
        await daemon.append("s", "b")
        await reader.readuntil(b'"b"}\n')
        await daemon.stop()
        assert await reader.read() in (b"\r\n0\r\n\r\n", b"")
    writer.close()


async def test_removed_sessions_are_gone_and_their_names_free(daemon: Daemon) -> None:
    await daemon.new("s")
    await daemon.append("s", "old")
    await daemon.http.ok("DELETE", "/v1/sessions/s")
    assert await refused(daemon, "GET", "/v1/sessions/s") == (404, "not_found")
    assert await refused(daemon, "GET", "/v1/sessions/s/lines") == (404, "not_found")
    await daemon.new("s")
    await daemon.append("s", "new")
    await daemon.settled("s")
    assert (await daemon.ask("s", "last?"))["answer"] == "1: new"
    assert [line["text"] for line in await lines(daemon)] == ["new"]


BAD: list[tuple[str, str, object]] = [
    ("/v1/sessions", "bad_request", {"name": "a/b"}),
    ("/v1/sessions", "bad_request", {"name": ".."}),
    ("/v1/sessions", "bad_request", {"name": "x" * 65}),
    ("/v1/sessions", "bad_request", {"name": "n\n"}),
    ("/v1/sessions", "bad_request", {"name": "n", "limit": 0}),
    ("/v1/sessions", "bad_request", {"name": "n", "unknown": 1}),
    ("/v1/sessions", "exists", {"name": "s"}),
    ("/v1/sessions", "bad_request", b"\xff{"),
    ("/v1/sessions", "bad_request", b"[" * 100_000),
    ("/v1/sessions/none/lines", "not_found", {"lines": ["x"]}),
    ("/v1/sessions/s/lines", "bad_request", {"lines": ["a\nb"]}),
    ("/v1/sessions/s/lines", "bad_request", {"lines": ["\n"]}),
    ("/v1/sessions/s/lines", "bad_request", b'{"lines": ["\\ud800"]}'),
    ("/v1/sessions/s/lines", "bad_request", {"lines": ["x"], "first_seq": -1}),
    ("/v1/sessions/s/lines", "too_large", {"lines": ["ok", "é" * 40_000]}),
    ("/v1/sessions/s/lines", "too_large", {"lines": ["x" * protocol.MAX_BODY]}),
    ("/v1/sessions/s/ask", "bad_request", {"question": "  "}),
    ("/v1/sessions/s/ask", "bad_request", {"question": "?", "max_tokens": 0}),
    ("/v1/sessions/s/ask", "bad_request", {"question": "?", "max_tokens": 4097}),
    ("/v1/sessions/s/ask", "bad_request", {"question": "?", "min_version": 1}),
    ("/v1/sessions/s/ask", "too_large", {"question": "x" * 20_000}),
    ("/v1/sessions/s/ask", "not_found", {"question": "@none"}),
    ("/v1/sessions/s/flash", "bad_request", {"question": "?", "id": "a b"}),
    ("/v1/sessions/s/flash", "bad_request", {"question": "?", "exec": []}),
    ("/v1/sessions/s/flash", "bad_request", {"question": "?", "exec": ["a\0b"]}),
]


@pytest.mark.parametrize(("path", "code", "body"), BAD)
async def test_bad_input_is_refused_and_changes_nothing(
    daemon: Daemon, path: str, code: str, body: object
) -> None:
    await daemon.new("s")
    _, found = await refused(daemon, "POST", path, body)
    assert found == code
    session = await daemon.session("s")
    assert (session["lines"], session["version"], session["flash"]) == (0, 0, 0)
    assert len(await daemon.http.ok("GET", "/v1/sessions")) == 1


async def test_unknown_routes_and_parameters_are_refused(daemon: Daemon) -> None:
    await daemon.new("s")
    assert await refused(daemon, "GET", "/v2") == (404, "not_found")
    assert (await daemon.http.call("PUT", "/v1/sessions")).status == 405
    head = await daemon.http.call("HEAD", "/v1/version")
    assert (head.status, head.body) == (200, b"")
    assert (await refused(daemon, "GET", "/v1/sessions/s/lines?from=0"))[0] == 400
    assert (await refused(daemon, "GET", "/v1/events?since=x"))[0] == 400


async def test_a_full_session_keeps_what_it_took_and_refuses_more(daemon: Daemon) -> None:
    await daemon.new("s", limit=64)
    sent = [str(n) for n in range(70)]
    await daemon.append("s", *sent, producer="p")

    async def full() -> bool:
        return bool((await daemon.session("s"))["state"] == "full")

    await until(full)
    session = await daemon.session("s")
    assert (session["lines"], session["settled_lines"], session["pending"]) == (70, 64, 6)
    body = {"lines": ["x"]}
    reply = await daemon.http.call("POST", "/v1/sessions/s/lines", body)
    error = reply.json()["error"]
    assert error["code"] == "context_length_exceeded"
    assert "64 of 64 cells" in error["message"]
    # the batch that filled it was acknowledged: its retry is too
    assert (await daemon.append("s", *sent, producer="p"))["accepted_seq"] == 70
    assert (await daemon.ask("s", "last?"))["answer"] == "64: 63"
    assert [line["text"] for line in await lines(daemon)] == sent


async def test_a_session_larger_than_the_budget_says_so_and_keeps_its_lines(
    daemon: Daemon,
) -> None:
    await daemon.new("s", limit=2000)
    await daemon.append("s", "kept")

    async def noted() -> str:
        return str((await daemon.session("s"))["note"])

    assert "no room" in await until(noted)
    assert (await daemon.session("s"))["state"] == "waiting"
    body = {"question": "what?"}
    assert (await refused(daemon, "POST", "/v1/sessions/s/ask", body))[1] == "budget_exceeded"
    assert (await refused(daemon, "GET", "/v1/sessions/s/explain"))[1] == "budget_exceeded"
    assert [line["text"] for line in await lines(daemon)] == ["kept"]


async def test_pending_tokens_hold_the_reply_back(daemon: Daemon) -> None:
    await daemon.stop()
    daemon.settings = msgspec.structs.replace(daemon.settings, pending_tokens=10)
    await daemon.start()
    await daemon.new("s")
    accepted = await daemon.append("s", *[str(n) for n in range(50)])
    assert accepted["pending"] <= 10
    assert accepted["lines"] == 50


async def test_status_and_metrics_account_for_what_happened(daemon: Daemon) -> None:
    await daemon.new("s")
    await daemon.append("s", "a", "b")
    await daemon.settled("s")
    await daemon.ask("s", "what?")
    status = await daemon.status()
    msgspec.convert(status, protocol.Status)
    assert (status["worker"], status["sessions"], status["cells"]) == ("ready", 1, 1000)
    assert status["model"]["name"] == "scripted"
    assert status["counters"]["lines"] == 2
    metrics = (await daemon.http.call("GET", "/metrics")).body.decode()
    assert "sticli_lines_total 2\n" in metrics
    assert "sticli_worker_ready 1\n" in metrics


async def test_a_damaged_store_is_told_and_the_daemon_serves(daemon: Daemon) -> None:
    await daemon.stop()
    daemon.paths.database.write_bytes(b"nonsense" * 1000)
    await daemon.start()
    assert "damaged" in (await daemon.status())["last_error"]
    await daemon.new("s")
    await daemon.append("s", "a")
    assert (await daemon.settled("s"))["settled"] == 1


async def test_everything_comes_back_after_a_clean_stop(daemon: Daemon) -> None:
    await daemon.new("s", system="be brief")
    await daemon.append("s", "a", "b")
    await daemon.settled("s")
    before = await daemon.session("s")
    await daemon.stop()
    assert daemon.heard()[-1] == "stop"
    await daemon.start()
    after = await daemon.settled("s")
    for key in ("lines", "version", "settled", "tokens", "created", "system"):
        assert after[key] == before[key]
    assert (await daemon.ask("s", "last?"))["answer"] == "2: b"
