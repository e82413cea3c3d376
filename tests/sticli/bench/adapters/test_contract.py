"""Every engine gives the same answers to the same tokens, and tells truly what it computed."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from sticli.bench.adapters import catalogue
from sticli.bench.adapters.base import NAMES, Adapter, Reply
from sticli.bench.adapters.llamacpp import LlamaCpp
from sticli.bench.adapters.room import Room
from sticli.bench.adapters.session import Sticli
from sticli.bench.prompt import Context, prompter
from sticli.bench.schedule import Question
from sticli.demo.world.market import Market
from sticli.errors import SticliError
from sticli.models.find import embedded_model

LIMIT = 512
MARKET = Market(1)
LAST = Question(0.0, "s", "which symbol traded last?", 1)
PRICE = Question(0.0, "s", f"last price of {MARKET.symbols[0]}?", 16)
TYPED = Question(0.0, "s", "what is the last symbol?", 8, tuple(MARKET.symbols))
QUESTIONS = (LAST, PRICE, TYPED)
KNOWN = {"flash": QUESTIONS, "ready": (TYPED,)}  # what is prepared before it is asked


def market(seed: int, count: int) -> list[str]:
    source = Market(seed)
    return [source.line() for _ in range(count)]


@dataclass
class Truth:
    """What an engine without a memory answers, in a session made for each question."""

    engine: Adapter
    known: dict[tuple[str, ...], Reply] = field(default_factory=dict)

    def ask(self, lines: list[str], question: Question) -> Reply:
        key = (*lines, question.text)
        if key not in self.known:
            self.engine.open("fresh")
            self.engine.append("fresh", lines)
            self.known[key] = self.engine.ask("fresh", question)
            self.engine.drop("fresh")
        return self.known[key]


@dataclass
class Case:
    """One engine, and whose answers it is to give."""

    way: str
    engine: Adapter
    truth: Truth
    room: Room
    before: list[int] = field(default_factory=list)  # the prompt of the last question

    def expect(self, lines: list[str], question: Question) -> tuple[Reply, int]:
        """What is to be answered, and the tokens that this engine computes for it."""
        reply = self.truth.ask(lines, question)
        context = Context(self.room.prompter, LIMIT)
        context.add(lines)
        prompt = [*context.tokens(), *(tail := context.tail(question.text))]
        assert reply.prompt == reply.computed == len(prompt)
        computed = {"reuse": self._unlike(prompt), "stateless": len(prompt)}
        self.before = prompt
        if question in KNOWN.get(self.way, ()):
            return reply, 0
        return reply, computed.get(self.way, len(tail))

    def _unlike(self, prompt: list[int]) -> int:
        pairs = list(zip(prompt, self.before, strict=False))
        return len(prompt) - next((n for n, (a, b) in enumerate(pairs) if a != b), len(pairs))


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with prompter(embedded_model()) as words:
        room = Room(embedded_model(), words, LIMIT, sessions=2, seed=1)
        yield room
        room.close()


@pytest.fixture(scope="module")
def truth(room: Room) -> Iterator[Truth]:
    engine = catalogue.start("stateless", room)
    yield Truth(engine)
    engine.close()


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest, room: Room, truth: Truth) -> Iterator[Case]:
    engine = catalogue.start(request.param, room)
    assert engine.name == NAMES[request.param]
    yield Case(request.param, engine, truth, room)
    engine.close()


def test_answers_and_counts_as_a_session_grows_past_its_window(case: Case) -> None:
    engine, lines = case.engine, market(1, 60)
    engine.open("s", QUESTIONS)
    case.before = []
    for begin, end in ((0, 10), (10, 18), (18, 50), (50, 60)):
        engine.append("s", lines[begin:end])
        engine.settle("s")
        for question in QUESTIONS:
            wanted, computed = case.expect(lines[:end], question)
            reply = engine.ask("s", question)
            assert (reply.text, reply.lines) == (wanted.text, end)
            assert (reply.prompt, reply.computed) == (wanted.prompt, computed)
            assert reply.tokens == wanted.tokens or reply.source == "ready"
            assert reply.asked < reply.first <= reply.last
            assert 0 <= reply.stall <= reply.last - reply.first
    engine.drop("s")


def test_lines_that_are_in_the_cache_are_told(case: Case) -> None:
    engine, lines = case.engine, market(2, 30)
    engine.open("s")
    for line in lines:
        engine.append("s", [line])
    engine.settle("s")
    if case.way in ("reuse", "stateless"):
        assert engine.settled("s") is None
    else:
        grown = list(engine.settled("s") or ())
        assert grown == sorted(grown)
        assert grown[-1][0] == len(lines)
    engine.drop("s")


def test_sessions_beside_each_other_keep_apart(case: Case) -> None:
    engine, found = case.engine, dict[str, list[Reply]]()
    texts = {"one": market(3, 12), "two": market(4, 25)}

    def play(session: str) -> None:
        engine.open(session, QUESTIONS)
        for line in texts[session]:
            engine.append(session, [line])
        engine.settle(session)
        found[session] = [engine.ask(session, question) for question in QUESTIONS]

    threads = [threading.Thread(target=play, args=(session,)) for session in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for session, lines in texts.items():
        wanted = [case.expect(lines, question)[0] for question in QUESTIONS]
        assert [reply.text for reply in found[session]] == [reply.text for reply in wanted]
        assert [reply.prompt for reply in found[session]] == [reply.prompt for reply in wanted]
        engine.drop(session)


def test_a_question_that_does_not_fit_is_an_error_and_the_session_goes_on(case: Case) -> None:
    engine, lines = case.engine, market(5, 20)
    engine.open("s")
    engine.append("s", lines)
    engine.settle("s")
    with pytest.raises(SticliError):
        engine.ask("s", Question(0.0, "s", "why? " * LIMIT, 1))
    case.before = []
    assert engine.ask("s", LAST).text == case.expect(lines, LAST)[0].text
    engine.drop("s")


def test_its_processes_run(case: Case) -> None:
    processes = case.engine.processes()
    assert all(os.path.exists(f"/proc/{process}") for process in processes)
    assert (os.getpid() in processes) == isinstance(case.engine, LlamaCpp)


def test_questions_while_lines_come(case: Case) -> None:
    """Past the window too: no engine waits for that, and none is wrong about what it saw."""
    engine, lines = case.engine, market(6, 80)
    engine.open("s")
    engine.append("s", lines[:1])
    engine.settle("s")

    def feed() -> None:
        for line in lines[1:]:
            engine.append("s", [line])

    thread = threading.Thread(target=feed)
    thread.start()
    replies = [engine.ask("s", LAST) for _ in range(20)]
    thread.join()
    seen = [reply.lines for reply in replies]
    assert seen == sorted(seen)
    assert seen[0] >= 1
    if isinstance(engine, LlamaCpp):
        for reply in replies[::5]:
            assert reply.prompt == case.expect(lines[: reply.lines], LAST)[0].prompt
    engine.settle("s")
    assert engine.ask("s", LAST).text == case.expect(lines, LAST)[0].text
    engine.drop("s")


@pytest.mark.parametrize("case", ["reuse"], indirect=True)
def test_no_more_sessions_than_have_room(case: Case) -> None:
    for session in ("one", "two"):
        case.engine.open(session)
    with pytest.raises(SticliError, match="room for 2 sessions"):
        case.engine.open("three")
    case.engine.drop("one")
    case.engine.open("three")
    for session in ("two", "three"):
        case.engine.drop(session)


@pytest.mark.parametrize("case", ["live"], indirect=True)
def test_other_tokens_than_the_bench_counts_are_an_error(case: Case) -> None:
    engine = cast(Sticli, case.engine)
    engine.open("s")
    engine.append("s", ["10:00:01 ACME 12.50"])
    engine.settle("s")
    engine._sessions["s"].given[0] += " and more"
    with pytest.raises(SticliError, match="sticli read a prompt of"):
        engine.ask("s", LAST)
    engine.drop("s")


@pytest.mark.parametrize("case", ["live"], indirect=True)
def test_events_that_are_missed_delay_nothing_but_the_news(case: Case) -> None:
    engine = cast(Sticli, case.engine)
    engine.open("s")
    engine._watch.remove(fed := engine._sessions["s"])
    engine.append("s", market(8, 5))
    engine.settle("s")
    assert [lines for lines, _ in engine.settled("s") or ()] == [5]
    engine._watch.add(fed)
    engine.drop("s")


@pytest.mark.parametrize("case", ["live"], indirect=True)
def test_a_session_longer_than_the_model_is_refused(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case.engine, "_room", replace(case.room, limit=16_384))
    with pytest.raises(SticliError, match="at most 8,448 cells"):
        case.engine.open("s")
    case.engine.drop("s")


def test_an_unknown_engine_is_refused(room: Room) -> None:
    with pytest.raises(SticliError, match="no engine 'dead'"):
        catalogue.start("dead", room)
