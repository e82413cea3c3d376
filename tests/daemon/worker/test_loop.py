"""The whole worker over a fake engine: what a front may rely on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker.scheduler import QUANTUM
from sticli.daemon.worker.step import CLASSES
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]


def test_answers_about_its_lines() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]), ask(1, version=5))
    done = link.done(1)
    prefix_and_lines = link.of(messages.Settled)[-1].tokens
    assert (done.version, done.cached_tokens, done.window_from) == (5, prefix_and_lines, 0)
    assert done.text == "".join(piece.text for piece in link.of(messages.Piece)).strip()
    assert done.text
    assert done.completion_tokens <= 8
    assert done.finish_reason in ("stop", "length")
    assert done.new_tokens == len("\nQuestion: why?\nAnswer:")


def test_every_line_question_and_position_matters() -> None:
    answers = {
        answer(FEED[:5]),
        answer(FEED[:4]),
        answer([*FEED[:3], FEED[4], FEED[3]]),
        answer(FEED[:5], "who?"),
    }
    assert len(answers) == 4


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 64))
def test_any_pieces_make_the_same_session(cuts: list[int], chunk: int) -> None:
    link = Link(FakeEngine(chunk=chunk))
    link.beat(opened())
    first = 0
    for cut in cuts:
        link.beat(lines(FEED[first : first + cut], first))
        first = min(first + cut, len(FEED))
    link.rest(ask(1, version=first))
    assert link.done(1).text == answer(FEED[:first])


def test_repeated_lines_count_once_and_a_gap_is_not_taken() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]), lines(FEED[2:8], 2), lines(FEED[20:25], 20))
    link.rest(ask(1))
    assert link.done(1).version == 8
    assert link.done(1).text == answer(FEED[:8])


def test_an_ask_leaves_the_session_unchanged() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:5]))
    used = link.engine.used
    link.rest(ask(1), ask(2, "and who?"))
    assert link.engine.used == used
    link.rest(lines(FEED[5:9], 5), ask(3, version=9))
    assert link.done(3).text == answer(FEED[:9])


def test_an_ask_waits_for_its_version() -> None:
    link = Link(FakeEngine(chunk=16))
    link.beat(opened(), lines(FEED[:20]), ask(1, version=30), ask(2))
    link.rest()
    assert [done.id for done in link.of(messages.Done)] == [2]
    link.rest(lines(FEED[20:30], 20))
    assert link.done(1).version == 30
    assert link.done(1).text == answer(FEED[:30])


def test_an_ask_during_a_long_ingest_is_in_the_very_next_step() -> None:
    clock = Clock()
    engine = FakeEngine(clock=clock, price=Price(0.001, 0.001))
    link = Link(engine, clock=clock, settings=Settings(step_ms=50))
    link.beat(opened(limit=4096))
    link.beat(lines([*FEED, *FEED, *FEED]))
    for _ in range(10):
        link.beat()
    asked = clock()
    settled = link.of(messages.Settled)[-1].lines
    link.beat(ask(1))
    assert [row.wants for row in engine.plans[-1].rows] == ["last"]
    while not link.of(messages.Done):
        link.beat()
    done = link.done(1)
    assert done.first_token_s <= 0.051
    assert done.version == 0
    assert done.text == answer([*FEED, *FEED, *FEED][:settled])
    assert clock() - asked < 0.1
    link.rest()
    assert link.of(messages.Settled)[-1].version == 120


def test_no_step_of_ingest_is_longer_than_its_limit() -> None:
    clock = Clock()
    engine = FakeEngine(clock=clock, price=Price(0.002, 0.0005, 1e-6))
    link = Link(engine, clock=clock, settings=Settings(step_ms=20))
    link.rest(opened(limit=4096), lines([*FEED, *FEED, *FEED]))
    price = Price(0.002, 0.0005, 1e-6)
    longest = max(price.of(plan) for plan in engine.plans[20:])
    assert longest < 0.021
    average = sum(price.of(plan) for plan in engine.plans) / len(engine.plans)
    assert average > 0.9 * 0.02


def test_ingest_goes_on_under_endless_asks() -> None:
    clock = Clock()
    engine = FakeEngine(clock=clock, price=Price(0.001, 0.001))
    link = Link(engine, clock=clock)
    link.rest(opened("a"), opened("b"), lines(FEED[:5], session="a"))
    link.beat(lines(FEED[:20], session="b"))
    id = 0
    while link.of(messages.Settled)[-1].lines < 20:
        id += 1
        link.beat(ask(id, session="a"), ask(-id, "who?", session="a"))
        assert id < 1000
    seconds = link.loop._usage.counters
    assert seconds["device_s_ingest"] < 0.2 * seconds["device_s_ask"]


def test_sessions_ingest_in_turn() -> None:
    link = Link(FakeEngine(chunk=32))
    names = ["a", "b", "c"]
    link.beat(*(opened(name) for name in names))
    link.rest()
    link.inbox.extend(lines(FEED[:20], session=name) for name in names)
    for _ in range(9):
        link.beat()
    progress = dict.fromkeys(names, 0)
    for settled in link.of(messages.Settled):
        progress[settled.session] = settled.tokens
    assert max(progress.values()) - min(progress.values()) <= QUANTUM


@pytest.mark.parametrize("beats", range(0, 14))
def test_cancel_gives_back_every_cell(beats: int) -> None:
    link = Link(FakeEngine(chunk=8))
    link.rest(opened(), lines(FEED[:5]))
    used, reserved = link.engine.used, link.engine.reserved
    link.inbox.append(ask(1, "a rather long question, chunk by chunk?", most=32))
    for _ in range(beats):
        link.beat()
    answered = bool(link.of(messages.Done))
    link.beat(messages.Cancel(1))
    assert (link.engine.used, link.engine.reserved) == (used, reserved)
    assert bool(link.of(messages.Done)) == answered
    before = len(link.of(messages.Piece))
    link.rest(ask(2))
    assert link.done(2).text == answer(FEED[:5])
    assert {piece.id for piece in link.of(messages.Piece)[before:]} == {2}


def test_a_full_session_keeps_what_is_in() -> None:
    link = Link()
    link.rest(opened(limit=256), lines(FEED))
    (full,) = link.of(messages.Full)
    settled = link.of(messages.Settled)[-1]
    assert 0 < full.lines == settled.lines < len(FEED)
    assert settled.version == 0
    assert full.tokens <= 256 - 32
    link.rest(lines(["more"], len(FEED)), ask(1, most=4), ask(2, version=len(FEED)))
    assert link.done(1).text == answer(FEED[: full.lines], most=4)
    assert len(link.of(messages.Full)) == 1
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.code) == (2, "context_length_exceeded")


def test_questions_that_do_not_fit_together_wait_for_each_other() -> None:
    link = Link()
    link.rest(opened(limit=256), lines(FEED[:5]))
    link.rest(*(ask(id, most=60) for id in range(1, 6)))
    assert {done.id for done in link.of(messages.Done)} == {1, 2, 3, 4, 5}
    assert len({done.text for done in link.of(messages.Done)}) == 1
    assert not link.of(messages.Failed)


def test_close_ends_everything_of_the_session() -> None:
    link = Link(FakeEngine(chunk=16))
    link.rest(opened("a"), opened("b"), flash("f", "what?", "a"))
    link.beat(lines(FEED, session="a"), ask(1, session="a", version=99), ask(2, session="a"))
    link.beat(messages.Close("a"))
    assert {failed.id for failed in link.of(messages.Failed)} == {1, 2}
    link.rest(ask(3, session="a"))
    assert link.of(messages.Failed)[-1].code == "not_found"
    assert link.engine.reserved == 1024
    link.rest(opened("a"), lines(FEED[:3], session="a"), ask(4, session="a", version=3))
    assert link.done(4).text == answer(FEED[:3])


def test_usage_is_reported_and_comes_to_rest() -> None:
    clock = Clock()
    engine = FakeEngine(clock=clock, price=Price(0.01, 0.001))
    link = Link(engine, clock=clock)
    link.rest(opened(), lines(FEED[:10]), ask(1, version=10))
    last = link.of(messages.Usage)[-1]
    assert last.cells_used == engine.used
    assert last.cells_reserved == 1024
    assert last.counters["questions"] == 1
    assert last.counters["lines"] == 10
    tokens = sum(value for name, value in last.counters.items() if name.startswith("tokens_"))
    assert tokens == sum(plan.tokens for plan in engine.plans)
    seconds = sum(value for name, value in last.counters.items() if name.startswith("device_s"))
    assert seconds == pytest.approx(sum(Price(0.01, 0.001).of(plan) for plan in engine.plans))
    assert last.counters["stall_s_count"] == last.counters["questions"]
    steps = [last.counters[f"step_s_{kind}_count"] for kind in CLASSES]
    assert sum(steps) == last.counters["steps"] == len(engine.plans)
    assert last.counters["lag_s_count"] == 1
    assert 0 < last.counters["lag_s_max"] <= seconds


def test_asks_that_wait_and_run_are_told_and_so_is_that_there_are_none() -> None:
    clock = Clock()
    link = Link(FakeEngine(clock=clock, price=Price(0.3, 0.001)), clock=clock)

    def told() -> list[tuple[float, float]]:
        found = [message.counters for message in link.of(messages.Usage)]
        return [(counters["asks_waiting"], counters["asks_running"]) for counters in found]

    link.rest(opened(), lines(FEED[:10]), ask(1, version=11))
    assert told()[-1] == (1, 0)
    link.rest(messages.Cancel(1))  # counts nothing
    assert told()[-1] == (0, 0)
    link.rest(ask(2), ask(3))
    assert (0, 2) in told()
    assert told()[-1] == (0, 0)


def test_the_wait_for_a_running_pass_is_part_of_the_time_told() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:3]))
    link.lag = 0.03
    link.rest(ask(1))
    assert link.done(1).first_token_s == pytest.approx(0.03)
