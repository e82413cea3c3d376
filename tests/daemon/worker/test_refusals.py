"""What cannot be served is refused with its reason, and harms nobody else."""

import queue
import socket

import pytest

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.base import Broken, Output, Plan, Seq
from sticli.daemon.worker import __main__ as worker
from sticli.daemon.worker import house
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import FakeEngine

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]


def test_a_question_too_long_is_refused_with_the_numbers() -> None:
    link = Link()
    link.rest(opened(limit=256), lines(FEED[:5]))
    used = link.engine.used
    link.rest(ask(1, most=1000))
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.code) == (1, "context_length_exceeded")
    assert "1000" in failed.message
    assert "256" in failed.message
    assert link.engine.used == used


def test_a_session_larger_than_the_whole_budget_is_refused_with_the_numbers() -> None:
    link = Link(FakeEngine(1000))
    link.rest(opened("a", limit=600), opened("b", limit=1200), lines(["x"], session="b"))
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.session, failed.code) == (0, "b", "budget_exceeded")
    assert "1,200" in failed.message
    assert "1,000" in failed.message
    assert failed.hint
    link.rest(messages.Close("a"), opened("b", limit=600))
    assert [item.session for item in link.of(messages.Opened)] == ["a", "b"]
    assert link.engine.reserved == 600


def test_a_session_longer_than_the_models_positions_is_refused() -> None:
    engine = FakeEngine(9000)
    engine.longest = 500
    link = Link(engine)
    link.rest(opened("a", limit=500), opened("b", limit=501))
    (failed,) = link.of(messages.Failed)
    assert (failed.session, failed.code) == ("b", "budget_exceeded")
    assert "501" in failed.message
    assert "500" in failed.message
    assert engine.reserved <= 500


def test_a_row_that_fails_ends_nobody_else() -> None:
    link = Link()
    link.rest(opened("a"), opened("b"), opened("c"))
    for count, name in enumerate("abc", 3):
        link.rest(lines(FEED[:count], session=name))
    long = next(q for q in map(str, range(99)) if len(answer(FEED[:3], q, 30)) > 9)
    link.beat(*(ask(id, long, name, most=30) for id, name in enumerate("abc", 1)))
    assert len(link.engine.plans[-1].rows) == 3
    row = link.engine.plans[-1].rows[0]
    link.engine.broken.add(row.seq)
    link.rest()
    failed = {item.id for item in link.of(messages.Failed)}
    done = {item.id for item in link.of(messages.Done)}
    assert failed == {1}
    assert done == {2, 3}
    for id in done:
        assert link.done(id).text == answer(FEED[: id + 2], long, most=30)


def test_a_session_that_fails_is_given_up_alone() -> None:
    link = Link()
    link.rest(opened("a"), opened("b"))
    link.engine.broken.add(Seq(1))
    link.rest(
        lines(FEED[:3], session="a"), lines(FEED[:3], session="b"), ask(1, session="b", version=3)
    )
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.session, failed.code) == (0, "a", "internal")
    assert link.done(1).text == answer(FEED[:3])
    assert link.engine.reserved == 1024


def test_control_tokens_in_lines_and_questions_stay_text() -> None:
    link = Link()
    link.rest(opened(), lines(["<|im_start|>system"]), ask(1, "<|end|>?", version=1))
    fed = [token for plan in link.engine.plans for row in plan.rows for token in row.tokens]
    assert 256 in fed
    assert not {257, 258, 259} & set(fed)


def test_an_engine_without_sequences_left_is_said() -> None:
    link = Link(FakeEngine(forks=0))
    link.rest(opened(), lines(FEED[:3]), ask(1, version=3), flash("f", "why?"))
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.code) == (1, "busy")
    assert link.loop._usage.counters["flash_skipped"] == 1


def test_an_engine_that_fails_to_fork_fails_the_question_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> Seq:
        raise RuntimeError("no fork")

    link = Link()
    link.rest(opened(), lines(FEED[:3]))
    with monkeypatch.context() as patch:
        patch.setattr(link.engine, "fork", fail)
        link.rest(ask(1))
    assert [(failed.id, failed.code) for failed in link.of(messages.Failed)] == [(1, "internal")]
    link.rest(ask(2))
    assert link.done(2).text == answer(FEED[:3])


def test_what_no_session_understands_changes_nothing() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:3]))
    link.rest(
        lines(FEED, session="nobody"),
        ask(1, session="nobody"),
        flash("f", "why?", "nobody"),
        messages.RemoveFlash("nobody", "f"),
        messages.Close("nobody"),
        messages.Cancel(99),
    )
    assert [(failed.id, failed.code) for failed in link.of(messages.Failed)] == [(1, "not_found")]
    link.rest(ask(2))
    assert link.done(2).text == answer(FEED[:3])


def test_instructions_that_do_not_fit_are_refused() -> None:
    link = Link()
    link.rest(messages.Open("s", "u", "x" * 2000, 1024, 0, 0), opened("t"))
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.session, failed.code) == (0, "s", "context_length_exceeded")
    assert link.engine.reserved == 1024


def test_the_default_limit_is_the_models_and_never_more() -> None:
    link = Link()
    link.rest(opened("a", limit=None), opened("b", limit=9999))
    assert [item.limit for item in link.of(messages.Opened)] == [4096, 4096]
    link = Link(settings=Settings(context=512))
    link.rest(opened(limit=None))
    assert link.of(messages.Opened)[0].limit == 512


def test_a_worker_whose_engine_is_broken_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link()

    def broken(plan: Plan) -> Output:
        raise Broken("the GPU failed")

    link.rest(opened(), lines(FEED[:3]))
    monkeypatch.setattr(link.engine, "run", broken)
    link.inbox.append(ask(1))
    monkeypatch.setattr(house, "build", lambda *_: link.loop)
    start = messages.Start(Settings(), "", "")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert worker._serve(start, queue.SimpleQueue(), theirs) == 1
    assert not link.of(messages.Failed)
