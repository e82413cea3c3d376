"""Flash questions: freshness, the way past the worker, events, limits."""

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from sticli import protocol
from sticli.config import Settings
from sticli.daemon.answers import Answers
from sticli.daemon.asking import Asking
from sticli.daemon.asks import Asks
from sticli.daemon.disk.records import SessionRecord
from sticli.daemon.events import Bus
from sticli.daemon.messages import Evaluated, Start
from sticli.daemon.repeats import Repeats
from sticli.daemon.sessions import Session, Sessions
from sticli.daemon.store import Store
from sticli.daemon.supervisor import Supervisor
from sticli.errors import SticliError
from tests.daemon.conftest import Daemon, until


async def flash(daemon: Daemon, key: str = "q1") -> Any:
    return await daemon.http.ok("GET", f"/v1/sessions/s/flash/{key}")


async def add(daemon: Daemon, question: str, **more: Any) -> Any:
    return await daemon.http.ok("POST", "/v1/sessions/s/flash", {"question": question, **more})


async def fresh(daemon: Daemon, version: int, key: str = "q1") -> Any:
    async def found() -> Any:
        one = await flash(daemon, key)
        return one if one["fresh"] and one["version"] == version else None

    return await until(found)


async def test_a_fresh_answer_does_without_the_worker(daemon: Daemon) -> None:
    await daemon.new("s")
    added = await add(daemon, "how many  lines?")
    assert (added["id"], added["answer"], added["fresh"]) == ("q1", None, False)
    await daemon.append("s", "a", "b")
    await fresh(daemon, 1)
    for question in ("how many lines?", " how  many lines? ", "@q1"):
        answer = await daemon.ask("s", question)
        msgspec.convert(answer, protocol.Answer)
        assert (answer["source"], answer["answer"], answer["fresh"]) == ("flash", "2", True)
        assert answer["question"] == "how many  lines?"
    assert not any(line.startswith("ask") for line in daemon.heard())
    assert (await daemon.status())["counters"]["flash_hits"] == 3
    assert (await daemon.ask("s", "how many lines?", live=True))["source"] == "live"
    body = {"question": "@q1", "stream": True}
    reply = await daemon.http.call("POST", "/v1/sessions/s/ask", body)
    assert reply.body.startswith(b"event: answer\n")


async def test_a_late_answer_is_not_that_of_a_question_that_got_its_id(daemon: Daemon) -> None:
    await daemon.new("s")
    await add(daemon, "how many?", id="q1")
    await daemon.append("s", "a")
    assert (await fresh(daemon, 1))["answer"] == "1"
    await daemon.http.ok("DELETE", "/v1/sessions/s/flash/q1")
    await add(daemon, "who?", id="q1")  # the worker answers the old one first
    found = await fresh(daemon, 1)
    assert (found["answer"], found["evaluations"]) == ("same", 1)


async def test_new_lines_make_an_answer_stale_until_it_is_evaluated_again(daemon: Daemon) -> None:
    await daemon.new("s")
    await add(daemon, "how many?")
    await daemon.append("s", "a")
    await fresh(daemon, 1)
    os.kill((await daemon.status())["worker_pid"], signal.SIGSTOP)
    await daemon.append("s", "b")
    assert (await flash(daemon))["fresh"]  # of what has settled; `pending` tells the rest
    assert (await daemon.ask("s", "@q1"))["pending"] == 1
    body = {"question": "@q1", "min_version": 2}
    asking = daemon.http.call("POST", "/v1/sessions/s/ask", body)
    os.kill((await daemon.status())["worker_pid"], signal.SIGCONT)
    answer = (await asking).json()
    assert (answer["version"], answer["pending"]) == (2, 0)
    assert (await fresh(daemon, 2))["answer"] == "2"


async def test_an_old_answer_is_good_enough_for_who_says_so(daemon: Daemon) -> None:
    await daemon.new("s")
    await add(daemon, "how many?")
    await daemon.append("s", "a")
    await fresh(daemon, 1)
    (daemon.folder / "crash").touch()
    os.kill((await daemon.status())["worker_pid"], signal.SIGKILL)

    async def stale() -> bool:
        return not (await flash(daemon))["fresh"]

    await until(stale)
    answer = await daemon.ask("s", "@q1", max_age=3600)
    assert (answer["source"], answer["fresh"], answer["answer"]) == ("flash", False, "1")


async def test_answers_come_back_fresh_after_a_restart(daemon: Daemon) -> None:
    await daemon.new("s")
    await add(daemon, "how many?", id="count")
    await daemon.append("s", "a", "b", "c")
    await fresh(daemon, 1, "count")
    await daemon.stop()
    await daemon.start()
    again = await fresh(daemon, 1, "count")
    assert (again["answer"], again["question"]) == ("3", "how many?")
    await daemon.append("s", "d")
    assert (await fresh(daemon, 2, "count"))["answer"] == "4"


async def test_only_a_changed_answer_is_an_event(daemon: Daemon) -> None:
    await daemon.new("s")
    await add(daemon, "always alike?")
    await add(daemon, "how many?")
    for n in range(1, 4):
        await daemon.append("s", str(n))
        await fresh(daemon, n, "q1")
        await fresh(daemon, n, "q2")
    reader, writer = await daemon.http.open(
        "GET", "/v1/events?since=0&type=answer", accept="application/x-ndjson"
    )
    seen: dict[str, list[str]] = {"q1": [], "q2": []}
    while "3" not in seen["q2"]:
        line = await reader.readline()
        if line.startswith(b"{"):
            event = msgspec.json.decode(line, type=protocol.Event)
            if event.type == "answer":
                seen[str(event.data["id"])].append(str(event.data["answer"]))
    writer.close()
    assert set(seen["q1"]) == {"same"}
    assert len(seen["q1"]) == 1
    assert seen["q2"][-3:] == ["1", "2", "3"]


async def test_duplicates_and_too_many_are_refused(daemon: Daemon) -> None:
    await daemon.new("s")
    await add(daemon, "one?", id="a")
    for body in ({"question": "other?", "id": "a"}, {"question": " one? "}):
        reply = await daemon.http.call("POST", "/v1/sessions/s/flash", body)
        assert (reply.status, reply.json()["error"]["code"]) == (409, "exists")
    for n in range(protocol.MAX_FLASH - 1):
        await add(daemon, f"{n}?")
    reply = await daemon.http.call("POST", "/v1/sessions/s/flash", {"question": "more?"})
    assert reply.json()["error"]["code"] == "budget_exceeded"
    await daemon.http.ok("DELETE", "/v1/sessions/s/flash/a")
    assert (await daemon.http.call("GET", "/v1/sessions/s/flash/a")).status == 404
    assert (await add(daemon, "one?"))["id"]
    assert len(await daemon.http.ok("GET", "/v1/sessions/s/flash")) == protocol.MAX_FLASH


async def test_a_hook_reads_the_event_and_no_shell_reads_its_arguments(
    daemon: Daemon, tmp_path: Path
) -> None:
    code = (
        "import sys, pathlib; folder = pathlib.Path(sys.argv[1]);"
        "(folder / 'event').write_text(sys.stdin.read());"
        "(folder / 'argument').write_text(sys.argv[2])"
    )
    trap = "$(touch hacked); `touch hacked` | > hacked"
    await daemon.new("s")
    await add(daemon, "how many?", exec=[sys.executable, "-P", "-c", code, str(tmp_path), trap])
    await daemon.append("s", "a")

    def written() -> Any:
        file = tmp_path / "event"
        text = file.read_text() if (tmp_path / "argument").exists() else ""
        return text and msgspec.json.decode(text, type=protocol.Event)

    event = await until(written)
    assert (event.type, event.session, event.data["id"]) == ("answer", "s", "q1")
    assert (tmp_path / "argument").read_text() == trap
    assert not list(tmp_path.glob("hacked*"))


async def test_no_answer_of_another_model_is_good_enough(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    record = SessionRecord("u", "s", None, None, 1.0, 1.0, lines=1, version=1)
    sessions, answers = Sessions(), Answers(store, Bus(store))
    sessions.add(session := Session(record))
    await store.create(record)
    answers.use("one model", 0.5)
    standing = await answers.add(session, protocol.NewFlash("how many?"))
    born = standing.record.created
    seen = Evaluated("s", "q1", "1", 1, 1, 0, 2.0, 9, 3, 1, 0.1, "stop", born=born)
    answers.evaluated(session, seen)
    asks = Asks(Supervisor(Start(Settings(), "", ""), ()))
    asking = Asking(sessions, answers, Repeats(0), asks, store, Counter())
    ask = protocol.Ask("@q1", max_age=3600)
    found = asking.at_once("s", ask)
    assert found
    assert (found.answer, found.lines) == ("1", 1)
    assert standing.answer
    seen_at = standing.answer.evaluated_at
    standing.answer = msgspec.structs.replace(standing.answer, evaluated_at=seen_at + 600)
    assert asking.at_once("s", ask) is None  # the clock was set back: nobody knows how old it is
    standing.answer = msgspec.structs.replace(standing.answer, evaluated_at=seen_at)
    assert asking.at_once("s", ask)
    answers.use("another", 1.5)
    assert asking.at_once("s", ask) is None
    assert (standing.gap, standing.message("s").gap) == (1.5, 1.5)  # nobody asked for one
    await store.close()


async def test_one_of_two_removes_a_question_and_not_its_successor(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    record = SessionRecord("u", "s", None, None, 1.0, 1.0)
    answers, session = Answers(store, Bus(store)), Session(record)
    await store.create(record)
    await answers.add(session, protocol.NewFlash("how many?"))

    async def replace() -> None:
        await answers.remove(session, "q1")
        await answers.add(session, protocol.NewFlash("how many?"))

    both = (replace(), answers.remove(session, "q1"))
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert first is None
    assert isinstance(second, SticliError)
    assert second.code == "not_found"
    assert [one.record.id for one in answers.of(session)] == ["q1"]
    await store.close()
