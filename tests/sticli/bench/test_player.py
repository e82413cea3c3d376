"""The player keeps to its schedule, whatever the engine does; asserted times are lower bounds."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from sticli.bench.adapters.base import Adapter, Reply
from sticli.bench.player import HUNG, alternate, each, play
from sticli.bench.report import Run
from sticli.bench.schedule import Arrival, Question, Schedule
from sticli.errors import SticliError
from tests.sticli.bench.scripted import Scripted, arrival, at_once, question

LONG = 10.0  # seconds that a test would wait for what never comes


def played(engine: Scripted, *items: Arrival | Question, patience: float = LONG) -> Run:
    arrivals = tuple(one for one in items if isinstance(one, Arrival))
    questions = tuple(one for one in items if isinstance(one, Question))
    return play(Schedule(arrivals, questions), engine, "test", {"context": 4}, 2, patience)


def test_everything_reaches_the_engine_and_is_reported_in_order() -> None:
    engine = Scripted()
    items = [arrival("1", "2"), arrival("3"), arrival("x", session="b")]
    asked = [question("one", 0.05), question("two", 0.06, "b"), question("three", 0.07)]
    run = played(engine, *items, *asked)
    assert engine.lines == {"a": ["1", "2", "3"], "b": ["x"]}
    assert [(one.session, one.answer) for one in run.samples] == [
        ("a", "ONE"),
        ("b", "TWO"),
        ("a", "THREE"),
    ]
    assert {(one.prompt, one.computed, one.tokens, one.error) for one in run.samples} == {
        (9, 3, 1, "")
    }
    assert (run.workload, run.case, run.engine, run.round) == (
        "test",
        {"context": 4},
        "scripted",
        2,
    )


def test_an_idle_engine_is_timed_from_when_it_was_asked() -> None:
    def answer(question: Question, lines: int) -> Reply:
        return Reply("yes", 100.0, 100.25, 100.75, 9, 3, 2, lines, stall=0.5)

    (sample,) = played(Scripted(answer), question("one")).samples
    assert (sample.first, sample.last, sample.stall) == (0.25, 0.75, 0.5)


def test_a_question_that_waits_for_the_one_before_is_timed_from_its_due_time() -> None:
    def answer(question: Question, lines: int) -> Reply:
        time.sleep(0.05)
        return at_once(question, lines)

    run = played(Scripted(answer), question("one"), question("two", 0.01), question("three", 0.01))
    assert run.samples[0].first == 0.0
    assert run.samples[1].first >= 0.09
    assert run.samples[2].first >= 0.14


def test_sessions_do_not_wait_for_each_other() -> None:
    other = threading.Event()

    def answer(question: Question, lines: int) -> Reply:
        if question.session == "b":
            other.set()
        assert other.wait(LONG)
        return at_once(question, lines)

    run = played(Scripted(answer), question("one"), question("two", 0.02, "b"))
    assert [one.answer for one in run.samples] == ["ONE", "TWO"]


@dataclass
class Slow(Scripted):
    """It takes its time to take lines, 0.05 s."""

    def append(self, session: str, lines: Sequence[str]) -> None:
        time.sleep(0.05)
        super().append(session, lines)


def test_a_complete_question_waits_for_its_lines_and_counts_from_their_coming() -> None:
    asked = Question(0.0, "a", "one", 1, complete=True)
    run = played(Slow(), arrival("1"), arrival("2"), arrival("3", at=4.0), asked)
    (sample,) = run.samples
    assert sample.lines == 2
    assert sample.first >= 0.1
    assert sample.unseen == 0


def test_a_complete_question_of_a_session_that_takes_no_more_lines_is_an_error() -> None:
    asked = Question(0.0, "a", "one", 1, complete=True)
    (sample,) = played(Scripted(), arrival("1"), arrival("refuse"), asked).samples
    assert sample.error == "the disk is full"


def test_lines_arrive_while_a_question_is_answered_and_are_missed() -> None:
    engine = Scripted()

    def answer(question: Question, lines: int) -> Reply:
        deadline = time.perf_counter() + LONG
        while len(engine.lines["a"]) < 3 and time.perf_counter() < deadline:
            time.sleep(0.001)
        return at_once(question, 1)

    engine.answer = answer
    run = played(engine, arrival("1"), question("one", 0.03), arrival("2", "3", at=0.06))
    (sample,) = run.samples
    assert (sample.lines, sample.unseen) == (1, 2)
    assert sample.stale >= 0
    assert engine.lines["a"] == ["1", "2", "3"]


def test_an_error_is_a_sample_and_the_rest_goes_on() -> None:
    def answer(question: Question, lines: int) -> Reply:
        if question.text == "one":
            raise SticliError("busy", "too many questions", "wait")
        return at_once(question, lines)

    run = played(Scripted(answer), question("one"), question("two"))
    assert [one.error for one in run.samples] == ["too many questions (wait)", ""]


def test_a_session_that_takes_no_more_lines_gives_no_more_answers() -> None:
    engine = Scripted()
    items = [arrival("refuse"), arrival("2", at=0.01), question("one", 1.0)]
    run = played(engine, *items, question("two", 1.0, "b"))
    assert [one.error for one in run.samples] == ["the disk is full", ""]
    assert engine.lines.get("a") is None
    assert run.lag == []


def test_what_nobody_gave_cannot_be_seen() -> None:
    with pytest.raises(ValueError, match="`held` of the schedule is wrong"):
        played(Scripted(lambda question, lines: at_once(question, 7)), question("one"))


def test_a_fault_of_an_adapter_comes_up_and_ends_the_rest() -> None:
    def answer(question: Question, lines: int) -> Reply:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        played(Scripted(answer), question("one"), question("two", 3600.0, "b"))


def test_lag_counts_until_the_cache_holds_the_lines() -> None:
    run = played(Scripted(), arrival("1", "2"), arrival("3", at=0.02), arrival("4", session="b"))
    assert run.lag is not None
    assert len(run.lag) == 3
    assert min(run.lag) >= 5.0
    assert played(Scripted(caches=False), arrival("1")).lag is None


def test_work_that_is_put_off_is_waited_for_at_the_end() -> None:
    engine = Scripted()
    played(engine, question("one"), arrival("1", at=0.02), question("two", 0.03, "b"))
    assert sorted(engine.calls[-2:]) == ["settle a", "settle b"]


@pytest.fixture
def stuck() -> Iterator[Scripted]:
    """It answers "one", and to "two" never."""
    end = threading.Event()

    def answer(question: Question, lines: int) -> Reply:
        if question.text == "two":
            end.wait()
        return at_once(question, lines)

    yield Scripted(answer, "stuck")
    end.set()


def test_a_hung_engine_is_given_up(stuck: Scripted) -> None:
    run = played(stuck, question("one"), question("two"), question("three"), patience=3.0)
    assert run.facts[HUNG] == 1
    assert [one.error for one in run.samples] == ["", *["no answer: the engine hangs"] * 2]
    assert run.lag is None


def test_an_engine_that_lets_its_client_wait_in_vain_is_given_up() -> None:
    def answer(question: Question, lines: int) -> Reply:
        raise SticliError("timeout", "no answer within 600 s")

    engine = Scripted(answer)
    run = played(engine, question("one"), question("two"), question("three", 3600.0, "b"))
    lost = "no answer: the engine hangs"
    assert [one.error for one in run.samples] == ["no answer within 600 s", lost, lost]
    assert run.facts[HUNG] == 1
    assert engine.calls == ["one"]


@dataclass
class Endless(Scripted):
    """Its work never ends."""

    def settle(self, session: str) -> None:
        raise SticliError("timeout", "a settles no line for 600 s")


def test_an_engine_that_cannot_end_its_work_is_given_up() -> None:
    run = played(Endless(), arrival("1"), question("one"))
    assert [one.answer for one in run.samples] == ["ONE"]
    assert (run.facts[HUNG], run.lag) == (1, None)


def test_engines_take_turns_and_a_hung_one_is_left_out(stuck: Scripted) -> None:
    good = Scripted(name="good")
    schedules = [Schedule((), (question("one"), question("two")))] * 3
    runs = list(alternate(schedules, [good, stuck], "test", {}, patience=3.0))
    assert [(one.round, one.engine) for one in runs] == [
        *[(0, "good"), (0, "stuck"), (1, "stuck"), (1, "good"), (2, "good"), (2, "stuck")]
    ]
    assert good.calls.count("one") == 3
    assert stuck.calls == ["one", "two"]
    errors = {
        one.error for run in runs if run.round and run.engine == "stuck" for one in run.samples
    }
    assert errors == {"given up in an earlier round"}


class Dead(Scripted):
    """Its process has ended while others had their turn."""

    def processes(self) -> Sequence[int]:
        raise SticliError("unreachable", "the daemon is gone")


def test_an_engine_that_died_between_two_runs_ends_no_other() -> None:
    dead, alive = Dead(name="dead"), Scripted()
    schedule = Schedule((), (question("one"),))
    runs = list(alternate([schedule] * 2, [dead, alive], "test", {}))
    told = [(run.engine, run.samples[0].error) for run in runs]
    assert sorted(told) == [
        ("dead", "given up in an earlier round"),
        ("dead", "the daemon is gone"),
        ("scripted", ""),
        ("scripted", ""),
    ]
    assert dead.calls == []


def test_who_is_gone_is_taken_out_and_other_failures_come_up() -> None:
    def action(engine: Adapter) -> None:
        if code := {"a": "unreachable", "b": "timeout", "c": "storage"}.get(engine.name):
            raise SticliError(code, "no")
        found.append(engine.name)

    found = list[str]()
    engines: dict[str, Adapter] = {name: Scripted(name=name) for name in "abd"}
    each(engines, action)
    assert (list(engines), found) == (["d"], ["d"])
    with pytest.raises(SticliError, match="no"):
        each({"c": Scripted(name="c")}, action)
