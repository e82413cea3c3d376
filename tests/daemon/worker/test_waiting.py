"""Asks that wait: how many, for how long, in which order, and what is said meanwhile."""

import pytest

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker import waiting
from sticli.errors import SticliError
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]


def slow(wait_s: float = 60.0, **options: int) -> Link:
    """A worker whose passes take time."""
    clock = Clock()
    engine = FakeEngine(clock=clock, price=Price(0.01, 0.001), **options)
    return Link(engine, clock=clock, settings=Settings(ask_wait_s=wait_s))


def test_asks_of_a_session_start_in_turn_and_say_what_they_wait_for() -> None:
    link = slow()
    link.rest(opened(limit=256), lines(FEED[:5]))
    for id in range(1, 5):
        link.inbox.append(ask(id, most=60))
    link.rest()
    assert [done.id for done in link.of(messages.Done)] == [1, 2, 3, 4]
    waits = link.of(messages.Waits)
    assert [(item.id, item.state) for item in waits] == [
        (2, "queued"),
        (3, "queued"),
        (4, "queued"),
    ]
    held = link.of(messages.Settled)[-1].tokens
    for number in (60 + len("\nQuestion: why?\nAnswer:"), 256, held):
        assert str(number) in waits[0].message


def test_a_session_without_cells_holds_up_no_other() -> None:
    link = slow()
    long = next(q for q in map(str, range(99)) if len(answer(FEED[:5], q, 60)) > 20)
    link.rest(opened("a", limit=256), opened("b"))
    link.rest(lines(FEED[:5], session="a"), lines(FEED[:4], session="b"))
    link.rest(*(ask(id, long, "a", most=60) for id in (1, 2, 3)), ask(4, session="b"))
    assert [done.id for done in link.of(messages.Done)] == [4, 1, 2, 3]
    assert {item.id for item in link.of(messages.Waits)} == {2, 3}


def test_one_that_waits_for_lines_holds_up_nobody() -> None:
    link = slow()
    link.rest(opened(limit=256), lines(FEED[:3]))
    link.rest(ask(1, version=4), ask(2))
    assert [done.id for done in link.of(messages.Done)] == [2]
    link.rest(lines(FEED[3:4], 3))
    assert link.done(1).text == answer(FEED[:4])
    assert not link.of(messages.Waits)


def test_an_ask_that_lacks_cells_for_too_long_is_refused_with_the_numbers() -> None:
    link = slow(wait_s=0.1)
    long = next(q for q in map(str, range(999)) if len(answer(FEED[:5], q, 60)) > 40)
    link.rest(opened(limit=256), lines(FEED[:5]))
    link.rest(ask(1, long, most=60), ask(2, most=60))
    assert [done.id for done in link.of(messages.Done)] == [1]
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.code) == (2, "budget_exceeded")
    for number in (60 + len("\nQuestion: why?\nAnswer:"), 256):
        assert str(number) in failed.message
    assert failed.hint
    link.rest(ask(3))
    assert link.done(3).text == answer(FEED[:5])


def test_the_worker_wakes_when_a_wait_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link(settings=Settings(ask_wait_s=7.0))
    link.rest(opened("a"), opened("b"), lines(FEED[:5], session="a"))
    asked = link.clock()
    admission = link.loop._desk.questions._admission
    with monkeypatch.context() as patch:
        patch.setattr(admission, "_want", lambda session, now, urgent: False)
        link.beat(ask(1, session="a"))
        while not link.of(messages.Failed):
            link.beat()
    assert link.clock() == pytest.approx(asked + 7.0)
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.code) == (1, "budget_exceeded")
    assert "1,024" in failed.message
    (waits,) = link.of(messages.Waits)
    assert waits.state == "queued"
    link.rest(ask(2, session="a"))
    assert link.done(2).text == answer(FEED[:5])


def test_too_many_that_wait_are_refused_at_once() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:3]))
    link.rest(*(ask(id, version=9) for id in range(waiting.MOST + 2)))
    assert {failed.id for failed in link.of(messages.Failed)} == {waiting.MOST, waiting.MOST + 1}
    assert {failed.code for failed in link.of(messages.Failed)} == {"budget_exceeded"}
    refused = link.of(messages.Usage)[-1].counters["questions_refused"]
    assert refused == len(link.of(messages.Failed))
    assert str(waiting.MOST) in link.of(messages.Failed)[0].message
    link.rest(messages.Cancel(0), ask(5000, version=9), lines(FEED[3:9], 3))
    assert len(link.of(messages.Done)) == waiting.MOST
    assert link.engine.reserved == 1024


def test_a_restore_is_told_as_it_goes_on() -> None:
    link = slow()
    link.beat(opened(lines=40), lines(FEED), ask(1))
    link.rest()
    waits = link.of(messages.Waits)
    assert {item.state for item in waits} == {"restoring"}
    assert 1 < len(waits) <= waiting.STAGES
    assert all("of 40 lines" in item.message for item in waits)
    assert link.done(1).text == answer(FEED)


def test_a_restore_is_no_reason_to_give_up() -> None:
    link = slow(wait_s=0.01)
    link.beat(opened(lines=40), lines(FEED), ask(1))
    link.rest()
    assert link.done(1).text == answer(FEED)


def test_what_runs_unasked_gives_way_and_begins_again() -> None:
    link = slow(forks=64)
    link.rest(opened(limit=300), lines(FEED[:5]))
    held = link.of(messages.Settled)[-1].tokens
    while not link.loop._scheduler.flashes:
        link.beat(flash("f", "what?", debounce_ms=0), flash("g", "who?", debounce_ms=0))
    link.beat(ask(1, most=300 - held - len("\nQuestion: why?\nAnswer:")))
    assert not link.of(messages.Evaluated)
    assert not link.of(messages.Waits)
    link.rest()
    assert link.done(1).text == answer(FEED[:5], most=300)
    found = {item.id: item.text for item in link.of(messages.Evaluated)}
    assert found == {"f": answer(FEED[:5], "what?"), "g": answer(FEED[:5], "who?")}


def test_an_engine_without_sequences_lets_flash_questions_go_first() -> None:
    link = slow(forks=2)
    link.rest(opened(), lines(FEED[:5]))
    while len(link.loop._scheduler.flashes) < 2:
        link.beat(flash("f", "what?", debounce_ms=0), flash("g", "who?", debounce_ms=0))
    link.rest(ask(1))
    assert link.done(1).text == answer(FEED[:5])
    assert {item.id for item in link.of(messages.Evaluated)} == {"f", "g"}
    assert not link.of(messages.Failed)


def test_a_queue_that_is_full_says_so() -> None:
    queue = waiting.Queue(1.0)
    for id in range(waiting.MOST):
        queue.add(waiting.Waiting(ask(id), [1], 8, 0.0))
    with pytest.raises(SticliError) as caught:
        queue.add(waiting.Waiting(ask(-1), [1], 8, 0.0))
    assert caught.value.exit_code == 5
    assert queue.next_due() is None


@pytest.mark.parametrize("wait_s", [0.05, 60.0])
def test_a_session_without_a_place_waits_for_who_holds_it(wait_s: float) -> None:
    link = slow(wait_s, cells=1024)
    link.rest(opened("a"), lines(FEED[:5], session="a"))
    link.rest(opened("b"), lines(FEED[:4], session="b"))
    long = next(q for q in map(str, range(999)) if len(answer(FEED[:5], q, 60)) > 40)
    link.rest(ask(1, long, "a", most=60))
    link.inbox.append(ask(2, long, "a", most=60))
    while not link.loop._desk.questions.asking(link.loop._desk.sessions["a"]):
        link.beat()
    link.rest(ask(3, session="b"))
    assert link.done(2).text == answer(FEED[:5], long, 60)
    waits = next(item for item in link.of(messages.Waits) if item.id == 3)
    assert waits.state == "queued"
    assert "a holds 1,024" in waits.message
    if wait_s < 1:
        (failed,) = link.of(messages.Failed)
        assert (failed.id, failed.code) == (3, "budget_exceeded")
        assert "a holds 1,024" in failed.message
    else:
        assert link.done(3).text == answer(FEED[:4])
