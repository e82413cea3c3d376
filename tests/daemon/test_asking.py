"""Answers that need no worker, questions about the past, typed answers, decisions."""

import os
import signal
import sqlite3
from typing import Any

import msgspec
import pytest

from sticli import protocol
from sticli.models import gap
from tests.daemon.conftest import Daemon, until
from tests.daemon.test_answers import add, flash, fresh
from tests.daemon.test_front import refused

SEEN = ("answer", "source", "fresh", "version", "lines", "pending")


async def grown(daemon: Daemon) -> None:
    """Session s of three versions: 2, 1 and 2 lines."""
    await daemon.new("s")
    for lines in (["a", "b"], ["c"], ["d", "e"]):
        await daemon.append("s", *lines)
    await daemon.settled("s")


async def seen(daemon: Daemon, question: str, **more: Any) -> tuple[Any, ...]:
    answer = await daemon.ask("s", question, **more)
    msgspec.convert(answer, protocol.Answer)
    return tuple(answer[key] for key in SEEN)


def asked(daemon: Daemon) -> int:
    return sum(line.startswith("ask") for line in daemon.heard())


async def test_the_past_is_asked_by_version_or_time(daemon: Daemon) -> None:
    await grown(daemon)
    assert await seen(daemon, "?", at={"version": 2}) == ("3: c", "live", False, 2, 3, 2)
    assert await seen(daemon, "?", at={"version": 0}) == ("0: ", "live", False, 0, 0, 5)
    assert await seen(daemon, "?", at={"version": 3}) == ("5: e", "live", True, 3, 5, 0)
    reply = await daemon.http.call("GET", "/v1/sessions/s/lines")
    stamps = [msgspec.json.decode(line)["at"] for line in reply.body.splitlines()]
    assert (await seen(daemon, "?", at={"time": stamps[1]}, live=True))[0] == "2: b"
    body = {"question": "what?", "at": {"version": 1}, "stream": True}
    reply = await daemon.http.call("POST", "/v1/sessions/s/ask", body)
    assert b'"answer":"2: b"' in reply.body


@pytest.mark.parametrize(
    "at", [{"version": 4}, {"version": -1}, {"time": 0}, {"time": 1e12}, {}, {"v": 1}]
)
async def test_moments_that_are_not_there_are_refused(daemon: Daemon, at: object) -> None:
    await grown(daemon)
    body = {"question": "what?", "at": at}
    assert await refused(daemon, "POST", "/v1/sessions/s/ask", body) == (400, "bad_request")
    assert asked(daemon) == 0


async def test_a_moment_before_the_window_is_refused_with_the_way_out(daemon: Daemon) -> None:
    await grown(daemon)
    await daemon.stop()
    with sqlite3.connect(daemon.paths.database) as database:
        database.execute("UPDATE sessions SET window_from = 3")
    database.close()
    (daemon.folder / "crash").touch()  # the scripted worker would begin at line 1 again
    await daemon.start()
    body = {"question": "what?", "at": {"version": 2}}
    reply = await daemon.http.call("POST", "/v1/sessions/s/ask", body)
    error = reply.json()["error"]
    assert error["code"] == "not_found"
    assert "ends with line 3" in error["message"]
    assert "begins with line 4" in error["message"]
    assert "--at 2" in error["hint"]


async def test_the_same_question_to_the_same_state_is_asked_once(daemon: Daemon) -> None:
    await grown(daemon)
    first = await daemon.ask("s", "what?")
    again = await daemon.ask("s", "what?")
    assert again == {**first, "source": "repeat", "ttft_ms": 0.0, "total_ms": 0.0}
    # a state of the past is the same state when it is the present one
    assert await seen(daemon, "what?", at={"version": 3}) == ("5: e", "repeat", True, 3, 5, 0)
    assert asked(daemon) == 1
    assert (await seen(daemon, "what?", live=True))[1] == "live"
    assert (await seen(daemon, "what?", max_tokens=9))[1] == "live"
    await daemon.append("s", "f")
    await daemon.settled("s")
    assert await seen(daemon, "what?") == ("6: f", "live", True, 4, 6, 0)
    assert await seen(daemon, "what?", at={"version": 3}) == ("5: e", "repeat", False, 3, 5, 1)
    assert (await daemon.status())["counters"]["repeats"] == 3
    assert asked(daemon) == 4


async def test_who_wants_only_what_is_known_never_waits(daemon: Daemon) -> None:
    await grown(daemon)
    body = {"question": "what?", "known": True}
    reply = await daemon.http.call("POST", "/v1/sessions/s/ask", body)
    assert (reply.status, reply.json()["error"]["code"]) == (404, "not_fresh")
    assert asked(daemon) == 0
    await daemon.ask("s", "what?")
    assert await seen(daemon, "what?", known=True) == ("5: e", "repeat", True, 3, 5, 0)
    assert (await daemon.status())["counters"]["asks"] == 2
    body |= {"at": {"version": 2}}
    assert await refused(daemon, "POST", "/v1/sessions/s/ask", body) == (404, "not_fresh")


async def test_repeats_end_with_their_session_and_can_be_switched_off(daemon: Daemon) -> None:
    await grown(daemon)
    await daemon.ask("s", "what?")
    await daemon.http.ok("DELETE", "/v1/sessions/s")
    await grown(daemon)
    assert (await seen(daemon, "what?"))[1] == "live"
    await daemon.stop()
    daemon.settings = msgspec.structs.replace(daemon.settings, response_cache=0)
    await daemon.start()
    await daemon.settled("s")
    for _ in range(2):
        assert (await seen(daemon, "what?"))[1] == "live"


async def test_a_flash_answer_serves_the_moment_that_it_is_of_and_no_other(daemon: Daemon) -> None:
    await grown(daemon)
    await add(daemon, "how many?")
    await fresh(daemon, 3)
    assert await seen(daemon, "how many?", at={"version": 3}) == ("5", "flash", True, 3, 5, 0)
    assert await seen(daemon, "@q1", at={"version": 2}) == ("3: c", "live", False, 2, 3, 2)


async def test_a_decision_is_answered_when_it_is_ready_and_decoded_when_not(
    daemon: Daemon,
) -> None:
    form = {"choices": ["up", "down"]}
    await daemon.new("s")
    added = await add(daemon, "where to?", form=form, gap=3.0)
    msgspec.convert(added, protocol.Flash)
    assert (added["form"]["choices"], added["gap"], added["lead"]) == (["up", "down"], 3.0, None)
    await daemon.append("s", "down")
    one = await fresh(daemon, 1)
    assert (one["answer"], one["source"], one["lead"]) == ("down", "ready", 4.0)
    for body in ({}, {"form": form}):
        assert (await seen(daemon, "where to?", **body))[:3] == ("down", "ready", True)
    assert (await seen(daemon, "@q1"))[:2] == ("down", "ready")
    counters = (await daemon.status())["counters"]
    assert (counters["ready_exits"], counters["flash_hits"]) == (3, 0)

    await daemon.append("s", "sideways")

    async def left_open() -> Any:
        one = await flash(daemon)
        return one if one["lead"] == 1.5 else None

    one = await until(left_open)
    assert (one["answer"], one["fresh"], one["version"]) == ("down", False, 1)
    assert asked(daemon) == 0
    assert (await seen(daemon, "@q1"))[:3] == ("up", "live", True)
    assert daemon.heard()[-1] == "decide q1"
    assert (await seen(daemon, "where to?"))[:2] == ("up", "repeat")
    assert (await seen(daemon, "where to?", live=True))[:2] == ("up", "live")
    assert daemon.heard()[-1] == "decide "
    assert (await seen(daemon, "@q1", max_age=3600, max_tokens=5))[:3] == ("down", "ready", False)


async def test_a_decision_without_a_gap_gets_that_of_the_model(daemon: Daemon) -> None:
    form = {"choices": ["up", "down"]}

    async def gaps(own: float) -> None:
        async def told() -> bool:
            found = [(await flash(daemon, key))["gap"] for key in ("own", "nil")]
            return found == [own, 0.0]

        await until(told)
        await daemon.append("s", "up")
        await fresh(daemon, (await daemon.session("s"))["version"], "own")
        one = await flash(daemon, "own")
        assert one["lead"] == own + 1  # the scripted worker leads by one more than it has to

    await daemon.new("s")
    assert (await add(daemon, "where to?", form=form, id="own"))["gap"] == gap.USUAL
    assert (await add(daemon, "where to now?", form=form, gap=0.0, id="nil"))["gap"] == 0.0
    await gaps(gap.USUAL)
    await daemon.stop()
    (daemon.folder / "gap").write_text("0.5")
    await daemon.start()
    await gaps(0.5)
    added = await add(daemon, "and where to?", form=form)
    assert added["gap"] == 0.5


async def test_another_form_is_another_question(daemon: Daemon) -> None:
    await daemon.new("s")
    await add(daemon, "how many?")
    await daemon.append("s", "a")
    await fresh(daemon, 1)
    assert (await seen(daemon, "how many?"))[1] == "flash"
    for question in ("how many?", "@q1"):
        body = {"question": question, "form": {"choices": ["one", "two"]}, "live": True}
        answer = await daemon.ask("s", **body)
        assert (answer["answer"], answer["source"]) == ("one", "live")
        assert answer["question"] == "how many?"
        assert daemon.heard()[-1] == "decide "


async def test_decisions_come_back_after_a_restart(daemon: Daemon) -> None:
    await daemon.new("s")
    schema = {"type": "object", "properties": {"n": {"type": "number"}}}
    await add(daemon, "where to?", form={"choices": ["up", "down"]}, gap=1.0, id="way")
    await add(daemon, "what?", form={"schema": schema}, id="what")
    await daemon.append("s", "up")
    before = await fresh(daemon, 1, "way")
    await daemon.stop()
    await daemon.start()
    after = await fresh(daemon, 1, "way")
    for key in ("answer", "source", "form", "gap"):
        assert after[key] == before[key]
    assert after["source"] == "ready"
    assert (await flash(daemon, "what"))["form"]["schema"] == schema
    os.kill((await daemon.status())["worker_pid"], signal.SIGKILL)
    await until(lambda: sum("open s" in line for line in daemon.heard()) == 3)


BAD: list[tuple[str, dict[str, object]]] = [
    ("ask", {"form": {}}),
    ("ask", {"form": {"choices": ["a"]}}),
    ("ask", {"form": {"choices": ["a", "b"], "number": True}}),
    ("flash", {"form": {"choices": ["a", ""]}}),
    ("flash", {"form": {"choices": ["a", "b"]}, "gap": -1}),
    ("flash", {"gap": 1e6}),
    ("flash", {"gap": "wide"}),
]


@pytest.mark.parametrize(("what", "more"), BAD)
async def test_forms_and_gaps_that_make_no_sense_are_refused(
    daemon: Daemon, what: str, more: dict[str, object]
) -> None:
    await daemon.new("s")
    body = {"question": "what?", **more}
    assert (await refused(daemon, "POST", f"/v1/sessions/s/{what}", body))[1] == "bad_request"
    assert (await daemon.session("s"))["flash"] == 0
