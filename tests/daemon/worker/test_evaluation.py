"""What runs unasked: how many cells it takes, what gives way first, and that it never spins."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon import messages
from sticli.daemon.worker.evaluation import PART, SOURCES
from sticli.form import Form
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]
TAIL = len("\nQuestion: \nAnswer:")


def slow(**options: int) -> Link:
    clock = Clock()
    return Link(FakeEngine(clock=clock, price=Price(0.01, 0.001), **options), clock=clock)


def decide(id: str, question: str, gap: float = 1000.0) -> messages.AddFlash:
    return messages.AddFlash("s", id, question, 8, 0, Form(["yes", "no"]), gap)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 160), st.booleans()), min_size=1, max_size=12))
def test_it_takes_a_part_of_the_cells_unless_it_is_alone(wanted: list[tuple[int, bool]]) -> None:
    link = slow(chunk=16)
    link.rest(opened(limit=512), lines(FEED[:5]))
    session = link.loop._desk.sessions["s"]
    left = session.limit - session.length
    for n, (size, decision) in enumerate(wanted):
        question = f"{n} " + "x" * size
        link.inbox.append(
            decide(str(n), question) if decision else flash(str(n), question, debounce_ms=0)
        )
    questions = link.loop._desk.questions
    while len({item.id for item in link.of(messages.Evaluated)}) < len(wanted):
        link.beat()
        running = len(questions._running.of(session, *SOURCES))
        forks = running + len(questions._ready._prepared.get(session, ()))
        assert forks <= 1 or session.promised <= PART * left
    texts = {item.id: item.text for item in link.of(messages.Evaluated)}
    for n, (size, decision) in enumerate(wanted):
        if not decision:
            assert texts[str(n)] == answer(FEED[:5], f"{n} " + "x" * size)


def test_flash_questions_take_the_cells_of_prepared_decisions() -> None:
    link = Link()
    link.rest(opened(limit=300), lines(FEED[:5]))
    session, questions = link.loop._desk.sessions["s"], link.loop._desk.questions
    link.rest(decide("d", "x" * 20))
    assert questions.prepared(session)
    link.rest(flash("f", "y" * 30, debounce_ms=0))
    assert not questions.prepared(session)
    assert [item.id for item in link.of(messages.Evaluated)] == ["d", "f"]
    assert session.promised == 0


def test_an_ask_ends_what_is_prepared_then_decisions_then_flash_questions() -> None:
    link = slow(chunk=16)
    link.rest(opened(limit=800), lines(FEED[:5]), decide("kept", "x"))
    session, questions = link.loop._desk.sessions["s"], link.loop._desk.questions
    while len(questions._running.of(session, *SOURCES)) < 2:
        link.beat(flash("f", "y" * 99, debounce_ms=0), decide("d", "z" * 9))

    def left() -> list[str]:
        running = questions._running.of(session, *SOURCES)
        return sorted([str(item.id) for item in running]) + ["kept"] * (
            questions._ready.cells(session) > 0
        )

    assert left() == ["d", "f", "kept"]
    seen = []
    while questions._evaluation.yields(session, link.clock()):
        seen.append(left())
    assert seen == [["d", "f"], ["f"], []]
    assert session.promised == 0
    link.rest()
    assert {item.id for item in link.of(messages.Evaluated)} == {"kept", "f", "d"}


def test_a_due_question_that_cannot_start_lets_the_worker_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]))
    with monkeypatch.context() as patch:
        patch.setattr(link.loop._desk.questions, "_want", lambda session, now, urgent: False)
        link.rest(flash("f", "why?", debounce_ms=0))
        assert not link.of(messages.Evaluated)
        link.rest(flash("g", "who?", debounce_ms=0))
    link.rest(lines(FEED[5:6], 5))
    assert {item.id: item.text for item in link.of(messages.Evaluated)} == {
        "f": answer(FEED[:6], "why?"),
        "g": answer(FEED[:6], "who?"),
    }


def test_while_an_ask_lacks_cells_nothing_unasked_takes_them() -> None:
    link = slow()
    link.rest(opened(limit=256), lines(FEED[:5]))
    session = link.loop._desk.sessions["s"]
    left = session.limit - session.length
    question = next(q for q in map(str, range(999)) if len(answer(FEED[:5], q, 60)) > 20)
    link.beat(ask(1, question, most=60), ask(2, most=left - TAIL - len("why?")))
    link.inbox.append(flash("f", "what?", debounce_ms=0))
    while not any(done.id == 2 for done in link.of(messages.Done)):
        link.beat()
        assert not link.of(messages.Evaluated)
    link.rest()
    assert [item.text for item in link.of(messages.Evaluated)] == [answer(FEED[:5], "what?")]


def test_a_standing_question_may_want_a_number() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]))
    form = Form(number=True)
    link.rest(messages.AddFlash("s", "n", "how many?", 8, 0, form))
    link.rest(messages.Ask(1, "s", "how many?", 8, 0, form))
    (found,) = link.of(messages.Evaluated)
    assert (found.source, found.text) == ("flash", link.done(1).text)
    assert float(found.text) == float(link.done(1).text)
