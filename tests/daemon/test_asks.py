"""Live questions: streams, the worker's death, the client's departure."""

import asyncio
import contextlib
import gc
import os
import signal
from typing import Any, cast

import msgspec
import pytest

from sticli import protocol
from sticli.daemon import server
from sticli.daemon.asks import Say
from sticli.daemon.messages import Piece
from sticli.errors import SticliError
from tests.daemon.conftest import SLOW, Daemon, until


def spoken(body: bytes) -> list[tuple[str, Any]]:
    """(event, data) of each server-sent event."""
    found = []
    for block in body.decode().strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], msgspec.json.decode(fields["data"])))
    return found


async def stream(daemon: Daemon, question: str) -> list[tuple[str, Any]]:
    body = {"question": question, "stream": True}
    return spoken((await daemon.http.call("POST", "/v1/sessions/s/ask", body)).body)


async def ready(daemon: Daemon, *lines: str) -> None:
    await daemon.new("s")
    await daemon.append("s", *lines)
    await daemon.settled("s")


async def test_a_stream_ends_with_the_answer(daemon: Daemon) -> None:
    await ready(daemon, "a")
    (piece, text), (last, answer) = await stream(daemon, "what?")
    assert (piece, text) == ("piece", {"text": "1: a"})
    assert (last, answer["answer"]) == ("answer", "1: a")
    await daemon.stop()
    assert not any("cancel" in line for line in daemon.heard())


async def test_a_question_outlives_the_death_of_its_worker(daemon: Daemon) -> None:
    await ready(daemon, "a", "b")
    words = await stream(daemon, "die once, then answer")
    assert [data["state"] for event, data in words if event == "progress"]
    assert words[-1][1]["answer"] == "2: b"
    assert len([line for line in daemon.heard() if "die once" in line]) == 2
    assert (await daemon.status())["restarts"] == 1


async def test_what_was_said_cannot_be_taken_back(daemon: Daemon) -> None:
    await ready(daemon, "a")
    words = await stream(daemon, "speak and die")
    assert words[0] == ("piece", {"text": "half of"})
    assert words[-1][0] == "error"
    assert words[-1][1]["error"]["code"] == "worker_down"


async def test_a_question_that_always_kills_is_given_up(daemon: Daemon) -> None:
    await ready(daemon, "a")
    body = {"question": "speak and die"}  # not streamed: nothing reached the client
    reply = await daemon.http.call("POST", "/v1/sessions/s/ask", body)
    assert reply.json()["error"]["code"] == "worker_down"
    assert len([line for line in daemon.heard() if "speak and die" in line]) == 3


async def test_lines_are_accepted_while_the_worker_is_down(daemon: Daemon) -> None:
    await ready(daemon, "a")
    for n in range(5):
        pid = (await daemon.status())["worker_pid"]
        if pid:
            with contextlib.suppress(ProcessLookupError):  # still dying from the last time
                os.kill(pid, signal.SIGKILL)
        accepted = await daemon.append("s", f"line {n}")
        assert accepted["lines"] == n + 2
    session = await daemon.settled("s")
    assert session["settled_lines"] == 6
    assert (await daemon.ask("s", "last?"))["answer"] == "6: line 4"


async def test_what_a_question_waits_for_in_the_worker_is_told(daemon: Daemon) -> None:
    await ready(daemon, "a")
    (progress, said), *_, (last, answer) = await stream(daemon, "queue")
    assert (progress, said["state"]) == ("progress", "queued")
    assert "200 cells" in said["message"]
    assert (last, answer["answer"]) == ("answer", "1: a")
    assert (await daemon.ask("s", "queue", live=True))["answer"] == "1: a"


async def test_how_far_the_model_is_loaded_is_told(daemon: Daemon) -> None:
    await ready(daemon, "a")
    (daemon.folder / "loads").touch()
    os.kill((await daemon.status())["worker_pid"], signal.SIGKILL)

    async def loading() -> Any:
        return (await daemon.status())["loading"]

    assert await until(loading) == {"done": 2_000_000, "total": 4_000_000, "what": "weights"}
    reader, writer = await daemon.http.open(
        "POST", "/v1/sessions/s/ask", {"question": "last?", "stream": True}
    )
    said = await asyncio.wait_for(reader.readuntil(b"50 %"), SLOW)
    assert b"the worker loads the model, weights: 50 %" in said
    (daemon.folder / "loads").unlink()
    assert b"1: a" in await asyncio.wait_for(reader.read(), SLOW)
    writer.close()
    assert (await daemon.status())["loading"] is None


async def test_the_worker_explains_a_session(daemon: Daemon) -> None:
    await ready(daemon, "a", "b")
    account = await daemon.http.ok("GET", "/v1/sessions/s/explain")
    assert msgspec.convert(account, protocol.Account).tokens == 2
    assert (account["session"], account["notes"]) == ("s", ["so"])


async def test_nothing_is_explained_without_a_worker(daemon: Daemon) -> None:
    await ready(daemon, "die")
    reply = await daemon.http.call("GET", "/v1/sessions/s/explain")
    assert reply.json()["error"]["code"] == "worker_down"
    (daemon.folder / "crash").touch()

    async def down() -> Any:
        return (await daemon.session("s"))["state"] == "waiting"

    await until(down)
    for name, code in (("s", "worker_down"), ("none", "not_found")):
        reply = await daemon.http.call("GET", f"/v1/sessions/{name}/explain")
        assert reply.json()["error"]["code"] == code


async def left(daemon: Daemon, body: dict[str, Any]) -> None:
    _, writer = await daemon.http.open("POST", "/v1/sessions/s/ask", body)
    await until(lambda: any("wait" in line for line in daemon.heard()))
    assert not any("cancel" in line for line in daemon.heard())
    writer.close()
    key = next(line.split()[1] for line in daemon.heard() if line.endswith("wait"))
    await until(lambda: f"cancel {key}" in daemon.heard())


async def test_a_client_that_leaves_cancels_its_question(daemon: Daemon) -> None:
    await ready(daemon, "a")
    await left(daemon, {"question": "wait"})


async def test_a_client_that_leaves_cancels_its_streamed_question(daemon: Daemon) -> None:
    await ready(daemon, "a")
    await left(daemon, {"question": "wait", "stream": True})


async def test_a_stop_does_not_wait_for_ever_for_a_question(daemon: Daemon) -> None:
    await ready(daemon, "a")
    reader, writer = await daemon.http.open("POST", "/v1/sessions/s/ask", {"question": "wait"})
    await until(lambda: any("wait" in line for line in daemon.heard()))
    await daemon.stop()
    await asyncio.wait_for(reader.read(), SLOW)
    writer.close()


async def test_removing_a_session_ends_its_questions(daemon: Daemon) -> None:
    await daemon.new("s", limit=100)
    (daemon.folder / "crash").touch()
    os.kill((await daemon.status())["worker_pid"], signal.SIGKILL)
    body = {"question": "what?"}
    asking = asyncio.create_task(daemon.http.call("POST", "/v1/sessions/s/ask", body))
    await asyncio.sleep(0.1)
    await daemon.http.ok("DELETE", "/v1/sessions/s")
    assert (await asking).json()["error"]["code"] in ("not_found", "worker_down")


def request(question: str, **more: object) -> bytes:
    body = msgspec.json.encode({"question": question, "live": True, **more})
    head = f"POST /v1/sessions/s/ask HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def test_requests_of_one_connection_are_answered_in_order(daemon: Daemon) -> None:
    await ready(daemon, "a")
    reader, writer = await asyncio.open_unix_connection(str(daemon.http.path))
    async with asyncio.timeout(SLOW):
        for _ in range(2):
            writer.write(request("first?") + request("queue") + request("third?"))
            for question in ("first?", "queue", "third?"):
                assert question.encode() in await reader.readuntil(b"}")
    writer.close()
    asked = [line.split()[2] for line in daemon.heard() if line.startswith("ask")]
    assert asked == ["first?", "queue", "third?"] * 2
    await daemon.stop()
    assert not any("cancel" in line for line in daemon.heard())


async def test_who_leaves_cancels_nobody_elses_question(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    await ready(daemon, "a")
    writers = []
    for behind, streamed in ((b"", 0), (b"", 1), (request("never"), 0), (request("never"), 1)):
        _, writer = await asyncio.open_unix_connection(str(daemon.http.path))
        writer.write(request("what?") + request("wait", stream=bool(streamed)) + behind)
        writers.append(writer)
        await until(lambda: len([one for one in daemon.heard() if "wait" in one]) == len(writers))
    keys = [line.split()[1] for line in daemon.heard() if "wait" in line]
    for place in (3, 1, 2, 0):
        writers[place].close()
        await until(lambda place=place: f"cancel {keys[place]}" in daemon.heard())
    cancelled = [line.split()[1] for line in daemon.heard() if "cancel" in line]
    assert cancelled == [keys[3], keys[1], keys[2], keys[0]]
    await daemon.stop()
    assert not any("never" in line for line in daemon.heard())
    assert not [entry for entry in caplog.records if entry.levelname == "ERROR"]


async def test_who_leaves_in_the_middle_of_a_request_is_no_fault(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    await ready(daemon, "a")
    _, writer = await asyncio.open_unix_connection(str(daemon.http.path))
    writer.write(request("what?")[:-3])
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()
    await daemon.stop()
    assert not [entry for entry in caplog.records if entry.levelname == "ERROR"]


async def test_a_reader_who_leaves_after_the_worker_is_no_fault(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    """The reader is slow: what it will never read is an error."""
    await ready(daemon, "a")
    api = server.Api(cast(Any, Refusing()), daemon.paths, 0.0)
    words = api._speak("s", protocol.Ask("?", stream=True), None)
    assert b"piece" in await anext(words)
    await asyncio.sleep(0)
    await words.aclose()
    gc.collect()
    assert not [entry for entry in caplog.records if entry.levelname == "ERROR"]


class Refusing:
    """A service whose worker says a word, then dies."""

    @property
    def asking(self) -> "Refusing":
        return self

    async def answer(self, name: str, ask: protocol.Ask, say: Say) -> protocol.Answer:
        say(Piece(1, "half of"))
        await asyncio.sleep(0)
        raise SticliError("worker_down", "the worker died while answering")


async def test_a_session_whose_journal_cannot_be_read_ends_its_questions(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("no such page")

    await ready(daemon, "a")
    body = {"question": "wait", "live": True}
    asking = asyncio.create_task(daemon.http.call("POST", "/v1/sessions/s/ask", body))
    await until(lambda: any("wait" in line for line in daemon.heard()))
    monkeypatch.setattr("sticli.daemon.feeder.seal", fail)
    await daemon.append("s", "b")
    error = (await asyncio.wait_for(asking, SLOW)).json()["error"]
    assert error["code"] == "internal"
    assert "no longer fed: no such page" in error["message"]
    assert (await daemon.session("s"))["state"] == "waiting"
