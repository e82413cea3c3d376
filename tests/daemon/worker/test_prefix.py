"""Where the first cells of a sequence come from, and that they are those of a fresh prefill."""

from dataclasses import dataclass, field

import pytest

from sticli.daemon.engines.base import Exhausted, Plan, Row, Seq
from sticli.daemon.worker import template
from sticli.daemon.worker.prefix import WORTH, Prefixes, exact
from sticli.daemon.worker.rendering import plain
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.transcript import Transcript
from sticli.daemon.worker.usage import Usage
from tests.fakes import FakeEngine, FakeVocabulary

VOCABULARY = FakeVocabulary()
SYSTEM = "Watch the pumps and say which of them has stopped, in one word. " * 3


@pytest.fixture(params=[False, True], ids=["copies", "shares"])
def engine(request: pytest.FixtureRequest) -> FakeEngine:
    return FakeEngine(20_000, shares=request.param)


@dataclass
class Bench:
    """Prefixes over an engine and sessions that are filled by hand."""

    engine: FakeEngine
    budget: int = 2000
    usage: Usage = field(default_factory=Usage)
    sessions: dict[str, Session] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.prefixes = Prefixes(self.engine, self.usage, self.sessions, self.budget)

    def session(
        self, name: str, lines: list[str], *, system: str = SYSTEM, tenant: str = ""
    ) -> Session:
        """A session that is on the device, and whole."""
        session = self.outside(name, lines, system=system, tenant=tenant)
        session.seq = self.engine.open(session.limit)
        self.fill(session)
        return session

    def outside(
        self, name: str, lines: list[str], *, system: str = SYSTEM, tenant: str = ""
    ) -> Session:
        """A session that has tokens and no cells."""
        frame = template.frame(plain(), system, VOCABULARY)
        transcript = Transcript(frame.prefix, VOCABULARY.encode)
        session = Session(name, name, 2000, None, frame, transcript, 0, tenant=tenant)
        session.add(0, 1, lines)
        session.tokenise(2000)
        self.sessions[name] = session
        return session

    def fill(self, session: Session) -> None:
        """Compute all tokens in pieces, as the scheduler would."""
        assert session.seq is not None
        while session.length < len(session.tokens):
            tokens = session.tokens[session.length : session.length + 50]
            self.engine.run(Plan((Row(session.seq, tokens, session.length),)))
            session.length += len(tokens)
            self.prefixes.keep(session, len(tokens))

    def begin(self, session: Session) -> tuple[int, str]:
        """Give the session cells; how many, and whose."""
        session.seq, found = self.prefixes.begin(session.tenant, session.tokens, session.limit)
        session.length = found.tokens if found else 0
        return (found.tokens, found.source) if found else (0, "")

    def leave(self, session: Session) -> None:
        assert session.seq is not None
        self.engine.drop(session.seq)
        session.seq = None

    def next_logits(self, session: Session) -> bytes:
        """What comes after the session's cells, told by a fork."""
        assert session.seq is not None
        fork = self.engine.fork(session.seq, session.length)
        (found,) = self.engine.run(Plan((Row(fork, [65], session.length, "last"),))).logits
        self.engine.drop(fork)
        assert found is not None
        return found.tobytes()


def same_as_fresh(bench: Bench, session: Session) -> bool:
    """Whether the session goes on as one that computed every token itself."""
    fresh = FakeEngine()
    seq = fresh.open(3000)
    (found,) = fresh.run(
        Plan((Row(seq, [*session.tokens[: session.length], 65], 0, "last"),))
    ).logits
    assert found is not None
    return bench.next_logits(session) == found.tobytes()


def test_a_new_session_begins_with_a_living_one(engine: FakeEngine) -> None:
    bench = Bench(engine)
    first = bench.session("first", ["pump a runs", "pump b stops"])
    second = bench.outside("second", ["pump a runs", "pump c stops"])
    whole = len(first.frame.prefix)
    assert bench.begin(second) == (whole + len("pump a runs\npump "), "session first")
    bench.fill(second)
    assert same_as_fresh(bench, second)
    assert same_as_fresh(bench, first)
    assert bench.usage.counters["tokens_shared"] == whole + 17
    both = engine.used
    assert both == (0 if engine.shares else whole + 17) + len(set_of(first, second))
    bench.leave(first)
    assert same_as_fresh(bench, second)
    bench.leave(second)
    assert (engine.used, engine.reserved) == (0, 0)


def set_of(*sessions: Session) -> set[tuple[int, ...]]:
    """Beginnings of sessions, each once: the cells of an engine that shares all it can."""
    return {
        tuple(session.tokens[:length])
        for session in sessions
        for length in range(1, len(session.tokens) + 1)
    }


def test_instructions_outlive_their_session(engine: FakeEngine) -> None:
    bench = Bench(engine)
    first = bench.session("first", ["pump a runs"])
    bench.leave(bench.sessions.pop("first"))
    assert bench.usage.counters["prefixes_kept"] == 1
    second = bench.outside("second", ["pump b runs"])
    assert bench.begin(second) == (len(first.frame.prefix), "its instructions")
    bench.fill(second)
    assert same_as_fresh(bench, second)
    assert bench.usage.counters["prefixes_kept"] == 1  # known already
    third = bench.outside("third", [], system=SYSTEM[:100] + "?" * 90)
    common = VOCABULARY.start() + VOCABULARY.encode(SYSTEM[:100])
    assert bench.begin(third) == (len(common), "its instructions")
    bench.fill(third)
    assert same_as_fresh(bench, third)


def test_tenants_share_nothing(engine: FakeEngine) -> None:
    bench = Bench(engine)
    bench.session("first", ["pump a runs"], tenant="red")
    bench.session("other", ["pump a runs"])
    for tenant in ("blue", "re", "redd"):
        assert bench.begin(bench.outside(tenant, ["pump a runs"], tenant=tenant)) == (0, "")
    assert bench.begin(bench.outside("x", ["pump a runs"], tenant="red"))[1] == "session first"


def test_a_long_name_that_two_tenants_share_is_nothing_in_common(engine: FakeEngine) -> None:
    bench, long = Bench(engine), "r" * (WORTH + 8)
    bench.session("first", ["pump a runs"], tenant=long + "a")
    assert bench.begin(bench.outside("x", ["pump a runs"], tenant=long + "b")) == (0, "")
    assert bench.begin(bench.outside("y", ["pump a runs"], tenant=long + "a"))[1] == "session first"


def test_short_beginnings_are_not_worth_it(engine: FakeEngine) -> None:
    bench = Bench(engine)
    text = SYSTEM[:WORTH]
    short, long = (
        bench.session("short", [], system=text[: WORTH - 30]),
        bench.session("long", [], system=text),
    )
    assert len(short.frame.prefix) < WORTH <= len(long.frame.prefix)
    assert bench.usage.counters["prefixes_kept"] == 1
    again = bench.outside("again", [], system=text[: WORTH - 30])
    assert bench.begin(again) == (0, "")
    assert bench.begin(bench.outside("more", [], system=text))[0] == len(long.frame.prefix)


def test_kept_beginnings_stay_within_their_budget(engine: FakeEngine) -> None:
    bench = Bench(engine, budget=500)
    systems = [f"{number} " + SYSTEM for number in range(4)]
    for number, system in enumerate(systems):
        bench.leave(bench.session(str(number), [], system=system))
        if number:  # the first is used all the time
            first = bench.outside("again", [], system=systems[0])
            assert bench.begin(first)[1] == "its instructions"
            bench.leave(first)
    for number, known in enumerate((True, False, False, True)):
        session = bench.outside("again", [], system=systems[number])
        assert bool(bench.begin(session)[0]) is known
        bench.leave(session)


def test_what_slid_gives_its_instructions_only(engine: FakeEngine) -> None:
    bench = Bench(engine, budget=0)
    lines = [f"pump {letter} runs" for letter in "abcdefgh"]
    first = bench.session("first", lines)
    first.slid = True
    whole = len(first.frame.prefix)
    assert exact(first) == whole
    assert bench.begin(bench.outside("second", lines)) == (whole, "session first")


def test_a_window_that_comes_next_begins_with_the_session(engine: FakeEngine) -> None:
    bench = Bench(engine, budget=0)
    lines = [f"pump {letter} runs" for letter in "abcdefgh"]
    session = bench.session("s", lines)
    whole = len(session.frame.prefix)
    successor = Successor(session, 5)
    found = bench.prefixes.succeed(successor)
    assert found is not None
    assert (found.tokens, successor.length) == (whole + 5, whole + 5)  # "pump " and another letter
    while count := successor.waiting(7):
        assert successor.seq is not None
        row = Row(successor.seq, successor.take(count), successor.length)
        engine.run(Plan((row,)))
        successor.length += count
    assert successor.done
    fresh = bench.session("fresh", lines[5:])
    session.seq, session.length = successor.seq, successor.length
    assert bench.next_logits(session) == bench.next_logits(fresh)


def test_no_room_is_said_and_leaves_nothing_behind(engine: FakeEngine) -> None:
    bench = Bench(engine)
    bench.session("first", ["pump a runs"])
    engine.open(engine.cells - engine.reserved - 100)
    before = engine.used, engine.reserved
    with pytest.raises(Exhausted):
        bench.begin(bench.outside("second", ["pump a runs"]))
    assert (engine.used, engine.reserved) == before


def test_an_engine_that_cannot_branch_or_rewind_shares_nothing(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(seq: Seq, length: int, limit: int) -> Seq:
        raise Exhausted("a copy of this model's cells does not reach back")

    bench = Bench(engine)
    bench.session("first", ["pump a runs"])
    monkeypatch.setattr(engine, "branch", refuse)
    found = bench.begin(bench.outside("second", ["pump a runs"]))
    assert found[1] == "its instructions"  # a copy that is never cut is as good as any
    monkeypatch.setattr(engine, "rewinds", False)
    assert bench.begin(bench.outside("third", ["pump a runs"])) == (0, "")
    assert bench.usage.counters["prefixes_kept"] == 1


def test_a_copy_that_fails_costs_time_only(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise RuntimeError("llama.cpp saved 3 of 90 bytes")

    bench = Bench(engine)
    monkeypatch.setattr(engine, "save", fails)
    first = bench.session("first", ["pump a runs"])
    assert bench.usage.counters["prefixes_kept"] == 0
    monkeypatch.setattr(engine, "branch", fails)
    second = bench.outside("second", ["pump a runs"])
    assert bench.begin(second) == (0, "")
    bench.fill(second)
    assert same_as_fresh(bench, second)
    for session in (first, second):
        bench.leave(session)
    assert (engine.used, engine.reserved) == (0, 0)


def test_sessions_that_went_give_nothing(engine: FakeEngine) -> None:
    bench = Bench(engine, budget=0)
    first = bench.session("first", ["pump a runs"])
    assert bench.begin(bench.outside("second", ["pump a runs"]))[0] > 0
    for name in ("first", "second"):
        bench.leave(bench.sessions[name])
    assert bench.begin(bench.outside("third", ["pump a runs"])) == (0, "")
    bench.leave(bench.sessions["third"])
    first.seq = engine.open(first.limit)  # it comes back, empty, and has grown since
    first.length = 0
    assert bench.begin(bench.outside("fourth", ["pump a runs"])) == (0, "")
    bench.fill(first)
    assert bench.begin(bench.outside("fifth", ["pump a runs"]))[1] == "session first"
