"""A server of the OpenAI protocol is asked what the others are asked, and says what they say."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sticli.bench import steps
from sticli.bench.adapters.base import Adapter, Reply
from sticli.bench.adapters.llamacpp import LlamaCpp
from sticli.bench.adapters.openai import OpenAi, start
from sticli.bench.adapters.room import Room
from sticli.bench.prompt import Prompter, prompter
from sticli.bench.report import Report
from sticli.bench.schedule import Question
from sticli.bench.stage import Options, Stage, Subject
from sticli.errors import SticliError
from sticli.models.find import embedded_model
from tests.sticli.bench.adapters.serving import CELLS, Brain, Manner, serving

LINES = [f"10:00:{n:02d} {'VOLT' if n % 3 else 'ACME'} {131 + n}.{40 + n}" for n in range(12)]
LAST = Question(0.0, "one", "which symbol traded last?", 8)
PRICE = Question(0.0, "one", "last price of ACME?", 8)


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with prompter(embedded_model()) as found, closing(room_of(found)) as room:
        yield room


def room_of(found: Prompter) -> Room:
    return Room(embedded_model(), found, CELLS, 2, 1)


@pytest.fixture(scope="module")
def expected(room: Room) -> list[Reply]:
    """What llama.cpp answers to LAST and PRICE after LINES."""
    with closing(LlamaCpp("reuse", room)) as engine:
        filled(engine)
        return [engine.ask("one", question) for question in (LAST, PRICE)]


@contextmanager
def peer(
    room: Room, manner: Manner | None = None, options: str = "", path: Path | None = None
) -> Iterator[tuple[OpenAi, Brain]]:
    """An adapter and its server."""
    with (
        serving(room, manner or Manner(), path) as (url, brain),
        closing(start(f"peer={url},cache=unchecked{options}", room)) as adapter,
    ):
        yield adapter, brain


def filled(adapter: Adapter, session: str = "one") -> None:
    adapter.open(session)
    adapter.append(session, LINES)


@pytest.mark.parametrize("options", ["", ",prompt=text", ",api=chat", ",model=feed"])
def test_it_is_put_the_same_prompt_and_gives_the_same_answer(
    room: Room, expected: list[Reply], options: str
) -> None:
    with peer(room, None, options) as (adapter, _):
        filled(adapter)
        for question, same in zip((LAST, PRICE), expected, strict=True):
            found = adapter.ask("one", question)
            assert (found.text, found.prompt) == (same.text, same.prompt)
            assert found.lines == len(LINES)
            assert found.asked < found.first <= found.last
            assert 0 <= found.stall <= found.last - found.first


def test_what_a_server_finds_in_its_cache_is_not_computed(room: Room) -> None:
    with peer(room) as (adapter, _):
        filled(adapter)
        first, again = adapter.ask("one", LAST), adapter.ask("one", LAST)
        assert first.computed == first.prompt
        assert again.computed == 1
        adapter.append("one", ["10:01:00 QXZ 7.00"])
        more = adapter.ask("one", LAST)
        added = more.prompt - again.prompt
        assert more.computed in range(added + 1, added + 20)
        assert (more.text, more.lines) == ("QXZ", len(LINES) + 1)


def test_what_is_not_told_is_unknown(room: Room) -> None:
    with peer(room, Manner(tells=False)) as (adapter, _):
        filled(adapter)
        assert adapter.ask("one", LAST).computed is None
        assert adapter.settled("one") is None
        assert adapter.processes() == []


def test_a_unix_socket_and_a_process(room: Room, tmp_path: Path) -> None:
    with peer(room, None, f",pid={os.getpid()}", tmp_path / "s") as (adapter, _):
        filled(adapter)
        assert adapter.ask("one", PRICE).text == "140.49"
        assert adapter.processes() == [os.getpid()]


def test_a_warm_cache_has_all_lines_when_it_is_settled(room: Room) -> None:
    with peer(room, None, ",warm=yes") as (adapter, brain):
        filled(adapter)
        adapter.settle("one")
        found = adapter.ask("one", LAST)
        assert found.computed in range(1, 12)  # tokens of the question
        adapter.append("one", ["10:01:00 QXZ 7.00"])
        adapter.settle("one")
        grown = [lines for lines, _ in adapter.settled("one") or ()]
        assert grown == [len(LINES), len(LINES) + 1]
        assert {body["max_tokens"] for body in brain.asked} == {1, 8}


def test_a_session_past_its_limit_keeps_to_its_window(room: Room) -> None:
    small = replace(room, limit=256)
    with peer(small) as (adapter, _):
        adapter.open("one")
        for n in range(1, 7):
            adapter.append("one", LINES)
            found = adapter.ask("one", PRICE)
            assert found.prompt < small.limit
            assert found.lines == n * len(LINES)
        assert found.text == "140.49"


@pytest.mark.parametrize(("owner", "field"), [("vllm", "structured_outputs"), ("me", "grammar")])
def test_choices_are_the_only_answers(room: Room, owner: str, field: str) -> None:
    with peer(room, Manner(owner), ",prompt=text") as (adapter, brain):
        filled(adapter)
        adapter.ask("one", Question(0.0, "one", "state of uhp?", 1, ("up", 'do"wn')))
        body = brain.asked[-1]
        assert 'root ::= [ \\n]? ("up" | "do\\"wn")' in str(body[field]).replace("\\\\", "\\")
        assert body["max_tokens"] >= len(' do"wn')


def test_each_session_has_a_slot_of_its_own_in_llama_server(room: Room) -> None:
    with peer(room, Manner("llamacpp", slots=2)) as (adapter, brain):
        for session in ("one", "two"):
            filled(adapter, session)
            adapter.ask(session, LAST)
        adapter.drop("one")
        filled(adapter, "three")
        adapter.ask("three", LAST)
        assert [body["id_slot"] for body in brain.asked] == [0, 1, 0]
        assert all(body["cache_prompt"] for body in brain.asked)
        with pytest.raises(SticliError) as refusal:
            adapter.open("four")
        assert refusal.value.code == "busy"
        assert adapter.detail["server"] == "llama-server b1-test"


@pytest.mark.parametrize(
    ("manner", "options", "why"),
    [
        (Manner(longest=512), "", "takes 512 tokens"),
        (Manner("llamacpp", slots=1), "", "has 1 slots, there are 2 sessions"),
        (Manner(), ",model=other", "no model 'other', only feed"),
        (Manner("me"), "", "takes no token ids"),
        (Manner(), ",model=", "says nothing about a peer"),
        (Manner(), ",pid=4194304", "there is no process 4194304"),
    ],
)
def test_a_server_that_does_not_fit_is_refused(
    room: Room, manner: Manner, options: str, why: str
) -> None:
    with pytest.raises(SticliError) as refusal, peer(room, manner, options):
        pass
    assert why in str(refusal.value)


def test_no_server_and_no_peer_are_told(room: Room, tmp_path: Path) -> None:
    for text, code in (
        (f"peer=unix:{tmp_path}/none", "unreachable"),
        ("peer=http://127.0.0.1:1", "unreachable"),
        ("peer=https://127.0.0.1:1", "bad_request"),
    ):
        with pytest.raises(SticliError) as refusal:
            start(text, room)
        assert refusal.value.code == code


@pytest.mark.parametrize(
    ("fault", "value", "why"),
    [
        ("lies", 3, "tokens, it was sent"),
        ("failure", "out of cells", "out of cells"),
        ("breaks", True, "no answer from peer"),
    ],
)
def test_a_fault_is_an_error_of_one_question(
    room: Room, fault: str, value: object, why: str
) -> None:
    with peer(room) as (adapter, brain):
        filled(adapter)
        expected = adapter.ask("one", LAST).text
        setattr(brain.manner, fault, value)
        with pytest.raises(SticliError) as refusal:
            adapter.ask("one", LAST)
        assert why in str(refusal.value)
        setattr(brain.manner, fault, type(value)())
        assert adapter.ask("one", LAST).text == expected


@pytest.mark.parametrize("leaves", ["after", "later"])
def test_a_connection_that_the_server_closed_is_opened_again(room: Room, leaves: str) -> None:
    with peer(room, Manner(leaves=leaves)) as (adapter, brain):
        filled(adapter)
        assert [adapter.ask("one", LAST).text for _ in range(4)] == ["VOLT"] * 4
        assert len(brain.asked) == 4


def test_the_prefix_cache_has_to_be_on(room: Room) -> None:
    room = replace(room, limit=256)
    with serving(room, Manner()) as (url, brain):
        with closing(start(f"peer={url}", room)) as adapter:
            assert adapter.detail["prefix cache"].startswith("on: 1 of ")
        brain.manner.cached = False
        with pytest.raises(SticliError) as refusal:
            start(f"peer={url}", room)
        assert "seems to have no prefix cache" in str(refusal.value)
        start(f"peer={url},cache=unchecked", room).close()


def test_two_engines_of_one_name_cannot_be_told_apart(room: Room) -> None:
    subject = Subject(room.model, "feed", CELLS, synthetic=False)
    with serving(room, Manner()) as (url, _):
        chosen = Options(peers=(f"a={url},cache=unchecked",) * 2)
        found = Report("sticli bench", "2026-01-01", 1, {}, {}, {}, {})
        stage = Stage(chosen, subject, room.prompter, found, steps.bar(quiet=True))
        with pytest.raises(SticliError) as refusal, stage.engines((), CELLS):
            pass
    assert "two engines are called a" in str(refusal.value)
