"""Which rows a pass gets: time, turns, classes."""

from typing import Literal

import pytest

from sticli.daemon.engines.base import Seq
from sticli.daemon.worker.allowance import MINUTE
from sticli.daemon.worker.cost import pairs
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.scheduler import DRAFTED, QUANTUM, Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.step import LEAST, Step
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.template import Frame
from sticli.daemon.worker.transcript import Transcript
from tests.fakes import FakeVocabulary

VOCABULARY = FakeVocabulary()
FRAME = Frame((), "\n", "", (), False)


def session(seq: int, tokens: int) -> Session:
    transcript = Transcript(FRAME.prefix, VOCABULARY.encode)
    found = Session(str(seq), "u", 1 << 20, Seq(seq), FRAME, transcript, 0)
    found.add(0, 1, ["x" * (tokens - 1)])
    return found


Source = Literal["ask", "flash", "ready"]


def question(
    seq: int, source: Source, tail: int = 10, *, produced: int = 0, of: Session | None = None
) -> Question:
    """A question of a session of its own, or one `of` another's."""
    owner = of or session(seq, 1)
    found = Question(source, seq, owner, Seq(seq), 0, [1] * tail, 40, False, 0, 0, 0, 0.0)
    found.produced = [1] * produced
    found.length = tail + produced - 1 if produced else 0
    return found


def successor(seq: int, tokens: int) -> Successor:
    owner = session(seq, tokens)
    owner.waiting(tokens)
    owner.next = Successor(owner, 0, Seq(seq))
    return owner.next


def learned(
    fixed: float = 0.001,
    token: float = 0.001,
    chunk: int = 512,
    speculate_below: int = 0,
    flash_s: float = MINUTE,
) -> Scheduler:
    """A scheduler of 50 ms steps that knows what a token costs."""
    found = Scheduler(0.05, chunk, speculate_below=speculate_below, flash_s=flash_s)
    for count in (1, 5, 20, 100, 300) * 20:
        found.cost.observe(count, pairs(0, count), fixed + token * count)
    return found


def seqs(step: Step | None) -> list[int]:
    return [job.row.seq for job in step.jobs] if step else []


def test_nothing_to_do_is_no_step() -> None:
    assert learned().next() is None


def test_classes_in_order() -> None:
    scheduler = learned()
    window = successor(5, 10)
    scheduler.successors.append(window)
    for kind, seq in (("upkeep", 5), ("ready", 4), ("flash", 3), ("ingest", 2), ("ask", 1)):
        if kind == "ingest":
            scheduler.behind(session(2, 10))
        elif kind != "upkeep":
            scheduler.start(question(seq, kind))
        step = scheduler.next()
        assert step is not None
        assert (seqs(step), step.kind) == ([seq], kind)


def test_every_decoding_ask_has_a_row_and_tails_follow_in_turn() -> None:
    scheduler = learned()
    for seq in range(1, 4):
        scheduler.start(question(seq, "ask", produced=seq - 1))
    step = scheduler.next()
    assert step is not None
    assert sorted(seqs(step)) == [1, 2, 3]
    assert {job.row.seq: job.count for job in step.jobs} == {1: 10, 2: 1, 3: 1}


def test_one_ask_is_not_delayed_by_fifty_of_another_session() -> None:
    scheduler = learned()
    busy = session(100, 1)
    for seq in range(1, 51):
        scheduler.start(question(seq, "ask", tail=40, of=busy, produced=seq % 2))
    scheduler.start(question(99, "ask"))
    steps = [scheduler.next(), scheduler.next()]
    assert 99 in seqs(steps[0]) + seqs(steps[1])
    assert all(step and step.tokens <= 50 for step in steps)


def test_ingest_fills_the_time_across_sessions() -> None:
    scheduler = learned()
    for seq in range(1, 9):
        scheduler.behind(session(seq, 15))
    step = scheduler.next()
    assert step is not None
    assert 44 <= step.tokens <= 49
    assert seqs(step) == [1, 2, 3, 4]


def test_turns_go_round() -> None:
    scheduler = learned()
    for seq in range(1, 4):
        scheduler.behind(session(seq, 1000))
    served = dict.fromkeys(range(1, 4), 0)
    for _ in range(24):
        step = scheduler.next()
        assert step is not None
        scheduler.settle(step, 0.05)
        for job in step.jobs:
            served[job.row.seq] += job.count
    assert max(served.values()) - min(served.values()) <= QUANTUM
    assert min(served.values()) > QUANTUM


def test_a_plan_never_holds_more_than_a_chunk() -> None:
    scheduler = learned(0, 0, chunk=32)
    scheduler.behind(session(1, 1000))
    scheduler.behind(session(2, 1000))
    step = scheduler.next()
    assert step is not None
    assert step.tokens == 32


def test_a_slow_machine_still_moves() -> None:
    scheduler = learned(1.0, 1.0)
    scheduler.behind(session(1, 1000))
    step = scheduler.next()
    assert step is not None
    assert step.tokens == LEAST


def test_flash_questions_of_a_session_share_every_plan() -> None:
    scheduler = learned()
    one = session(100, 1)
    questions = [question(seq, "flash", tail=15, of=one) for seq in range(1, 9)]
    for item in questions:
        scheduler.start(item)
    tails = []
    while not all(item.decoding for item in questions):
        step = scheduler.next()
        assert step is not None
        tails.append(len(step.jobs))
        for job in step.jobs:
            assert isinstance(job.lane, Question)
            assert not job.lane.decoding
            job.lane.length += job.count
            if not job.lane.waiting(1):
                job.lane.produced.append(1)
    assert len(tails) == 3  # 120 tokens, 48 of which fit a step
    assert seqs(scheduler.next()) == list(range(1, 9))


def test_an_urgent_session_goes_first_and_keeps_up_with_asks() -> None:
    scheduler = learned()
    for seq in range(1, 9):
        scheduler.behind(session(seq, 1000))
    waited = session(9, 1000)
    scheduler.behind(waited)
    scheduler.urgent(waited)
    assert seqs(scheduler.next()) == [9]
    assert seqs(scheduler.next()) == [1]  # for one step, unless it is said again
    scheduler.start(question(20, "ask", produced=1))
    scheduler.urgent(waited)
    step = scheduler.next()
    assert step is not None
    assert seqs(step) == [20, 9]
    assert step.tokens <= 50


def test_a_closed_session_is_not_served() -> None:
    scheduler = learned()
    one = session(1, 10)
    scheduler.behind(one)
    scheduler.urgent(one)
    scheduler.close(one)
    assert scheduler.next() is None


def test_a_session_without_cells_is_not_served() -> None:
    scheduler = learned()
    one = session(1, 10)
    scheduler.behind(one)
    one.seq = None
    assert scheduler.next() is None


def test_flash_stops_where_its_budget_ends_and_upkeep_goes_on() -> None:
    scheduler = learned(flash_s=0.12)
    scheduler.start(question(1, "flash", tail=1000))
    scheduler.start(question(2, "ready", tail=1000))
    scheduler.successors.append(successor(3, 1000))
    kinds = []
    for n in range(6):
        step = scheduler.next(n)
        assert step is not None
        kinds.append(step.kind)
        scheduler.settle(step, 0.05, n)
    assert kinds == ["flash"] * 3 + ["upkeep"] * 3
    later = scheduler.next(100.0)
    assert later is not None
    assert later.kind == "flash"


@pytest.mark.parametrize("decoding", [1, 2, 3])
def test_guesses_are_asked_for_while_few_decode(decoding: int) -> None:
    scheduler = learned(fixed=0.01, speculate_below=3)
    for seq in range(1, decoding + 1):
        one = question(seq, "ask", tail=8)
        one.produced, one.length = [5, 6, 7] * 4 + [5], 8 + 12  # what goes on is plain to see
        scheduler.start(one)
    step = scheduler.next()
    assert step is not None
    counts = [job.count for job in step.jobs]
    assert len(counts) == decoding
    if decoding < 3:
        assert all(2 <= count <= 1 + DRAFTED for count in counts)
        assert [job.row.wants for job in step.jobs] == ["all"] * decoding
    else:
        assert counts == [1] * decoding


def test_guesses_take_only_the_time_that_is_left() -> None:
    scheduler = learned(fixed=0.01, speculate_below=3)
    one = question(1, "ask", tail=8)
    one.produced, one.length = [5, 6, 7] * 4 + [5], 8 + 12
    scheduler.start(one)
    scheduler.start(question(2, "ask", tail=500))
    step = scheduler.next()
    assert step is not None
    assert step.jobs[0].count == 1
    assert scheduler.cost.predict(step.tokens, step.pairs, step.families) <= 0.0501


def test_sessions_that_caught_up_leave() -> None:
    scheduler = learned()
    one, two = session(1, 10), session(2, 10)
    scheduler.behind(one)
    scheduler.behind(two)
    one.waiting(10)
    one.length = 10
    assert scheduler.caught_up() == [one]
    assert list(scheduler.sessions) == [two]


def test_one_stall_changes_little() -> None:
    scheduler = learned()
    before = scheduler.cost.predict(40, pairs(0, 40))
    scheduler.cost.observe(40, pairs(0, 40), 10.0)
    assert scheduler.cost.predict(40, pairs(0, 40)) < 2 * before
