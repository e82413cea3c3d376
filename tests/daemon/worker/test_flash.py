"""Standing questions: when they are evaluated, together, and for which version."""

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon import messages
from sticli.daemon.worker.flash import Flash, Standing
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]


def test_every_settled_version_is_answered() -> None:
    link = Link()
    link.rest(opened(), flash("f", "why?"))
    for n in range(1, 4):
        link.rest(lines([FEED[n - 1]], n - 1))
    found = link.of(messages.Evaluated)
    assert [item.version for item in found] == [0, 1, 2, 3]
    assert [item.text for item in found] == [answer(FEED[:n]) for n in range(4)]
    assert {(item.session, item.id) for item in found} == {("s", "f")}


def test_debounce_waits_from_the_first_version_that_is_not_answered() -> None:
    link = Link()
    link.rest(opened(), flash("f", "why?", debounce_ms=200))
    began = link.clock()
    for n in range(3):
        link.beat(lines([FEED[n]], n))
        link.clock.advance(0.05)
        assert len(link.of(messages.Evaluated)) == 1
    while len(link.of(messages.Evaluated)) < 2:
        link.beat()
    assert 0.2 <= link.clock() - began < 0.3
    assert link.of(messages.Evaluated)[-1].version == 3
    link.rest()
    assert len(link.of(messages.Evaluated)) == 2


def test_all_due_questions_run_in_one_plan() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]))
    link.beat(*(flash(str(n), f"question {n}?") for n in range(8)))
    assert [row.wants for row in link.engine.plans[-1].rows] == ["last"] * 8
    link.rest()
    found = {item.id: item.text for item in link.of(messages.Evaluated)}
    assert found == {str(n): answer(FEED[:5], f"question {n}?") for n in range(8)}


def test_questions_wait_while_others_work_and_end_at_their_version() -> None:
    clock = Clock()
    engine = FakeEngine(clock=clock, price=Price(0.001, 0.001))
    link = Link(engine, clock=clock)
    question = next(q for q in map(str, range(99)) if len(answer(FEED[:5], q)) == 8)
    link.rest(opened(limit=2048), lines(FEED[:5]))
    link.beat(flash("f", question), ask(1, version=5))
    while not link.of(messages.Done):
        assert len(engine.plans[-1].rows) == 1
        link.beat()
    asked = len(engine.plans)
    while len(engine.plans) < asked + 3:
        link.beat()
    link.beat(lines(FEED[5:], 5))
    while link.of(messages.Settled)[-1].lines < 40:
        assert not link.of(messages.Evaluated)
        link.beat()
    link.rest()
    assert [item.version for item in link.of(messages.Evaluated)] == [5, 40]
    assert [item.text for item in link.of(messages.Evaluated)] == [
        answer(FEED[:5], question),
        answer(FEED, question),
    ]


def test_a_removed_question_is_gone_even_while_it_runs() -> None:
    link = Link(FakeEngine(chunk=8))
    link.rest(opened(), lines(FEED[:5]))
    used = link.engine.used
    link.beat(flash("f", "a question that takes several chunks?"))
    assert link.engine.used > used
    link.beat(messages.RemoveFlash("s", "f"))
    assert link.engine.used == used
    link.rest(lines(FEED[5:6], 5))
    assert not link.of(messages.Evaluated)


def test_a_question_registered_before_the_session_is_restored_waits_for_it() -> None:
    link = Link(FakeEngine(chunk=8))
    link.beat(opened(lines=5), flash("f", "why?"))
    link.rest(lines(FEED[:5]))
    assert [item.version for item in link.of(messages.Evaluated)] == [5]


def test_a_question_that_does_not_fit_is_skipped_and_the_rest_goes_on() -> None:
    link = Link()
    link.rest(opened(limit=512), lines(FEED[:10]))
    link.rest(flash("long", "x" * 900), flash("f", "why?"))
    assert [item.id for item in link.of(messages.Evaluated)] == ["f"]
    assert link.of(messages.Usage)[-1].counters["flash_skipped"] == 1
    assert not link.of(messages.Failed)


def test_questions_that_do_not_fit_together_take_turns() -> None:
    link = Link(FakeEngine(forks=3))
    link.rest(opened(limit=512), lines(FEED[:10]))
    link.rest(*(flash(str(n), f"question {n}? " + "x" * 80) for n in range(6)))
    assert sorted(item.id for item in link.of(messages.Evaluated)) == list("012345")


def test_sessions_do_not_hold_up_each_other() -> None:
    link = Link()
    link.rest(opened("a"), opened("b"), flash("f", "why?", "a"), flash("f", "why?", "b"))
    link.rest(lines(FEED[:3], session="a"), lines(FEED[:4], session="b"))
    last = {item.session: item.text for item in link.of(messages.Evaluated)}
    assert last == {"a": answer(FEED[:3]), "b": answer(FEED[:4])}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_due_is_never_later_than_the_debounce_after_news(gaps: list[float]) -> None:
    table, now = Flash(), 0.0
    table.add("s", Standing("f", (1,), 8, 0.5))
    news: float | None = None
    for gap in gaps:
        now += gap
        table.settled("s", now)
        news = now if news is None else news
        assert table.next_due() == news + 0.5
        if table.due("s", now):
            assert now >= news + 0.5
            table.started("s", "f")
            news = None
            assert table.next_due() is None


def test_a_question_runs_once_at_a_time_so_answers_come_in_order() -> None:
    clock = Clock()
    link = Link(FakeEngine(clock=clock, price=Price(0.02, 0.002)), clock=clock)
    link.rest(opened(), flash("f", "why?", debounce_ms=0))
    for at in range(12):
        link.beat(lines([f"line {at}"], at))
        link.beat()
    link.rest()
    versions = [item.version for item in link.of(messages.Evaluated)]
    assert versions == sorted(set(versions))
    assert versions[-1] == 12
