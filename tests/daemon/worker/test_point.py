"""Time travel: an ask about an earlier version is answered as it would have been then."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon import messages
from sticli.daemon.engines.family import Tuning
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.vocabulary import ModelVocabulary
from tests.daemon.worker.link import Link, answer, lines, opened
from tests.daemon.worker.lone import Lone
from tests.fakes import Clock, FakeEngine, Price
from tests.tiny import CELL_BYTES, write_recurrent

FEED = [f"line {n} says {n * 37 % 101}" for n in range(40)]


@cache
def alone(start: int, end: int) -> str:
    """What a lone session of these lines of the feed answers."""
    return answer(FEED[start:end])


def then(id: int, lines: int, version: int | None = None, session: str = "s") -> messages.Ask:
    """An ask about the first lines, whose version is their count unless it is given."""
    at = (lines if version is None else version, lines)
    return messages.Ask(id, session, "why?", 8, 0, at=at)


def test_every_past_is_answered_as_it_was() -> None:
    link = Link()
    link.rest(opened(limit=4096), lines(FEED))
    used = link.engine.used
    link.rest(*(then(count, count) for count in range(41)))
    for count in range(41):
        done = link.done(count)
        assert (done.version, done.lines, done.text) == (count, count, answer(FEED[:count]))
    assert link.engine.used == used


def test_the_version_asked_is_the_version_told() -> None:
    link = Link()
    link.rest(opened(), lines(FEED[:10]), then(1, 4, version=77))
    assert (link.done(1).version, link.done(1).lines) == (77, 4)


def test_a_past_that_is_still_to_come_is_waited_for() -> None:
    link = Link(FakeEngine(chunk=16))
    link.rest(opened(limit=4096), lines(FEED[:5]), then(1, 9))
    assert not link.of(messages.Done)
    link.rest(lines(FEED[5:20], 5))
    assert (link.done(1).lines, link.done(1).text) == (9, answer(FEED[:9]))


def test_lines_that_were_dropped_hold_no_tokens() -> None:
    link = Link()
    link.rest(opened(), messages.Lines("s", 0, 5, [FEED[0], None, None, FEED[3], FEED[4]]))
    link.rest(*(then(count, count) for count in range(6)))
    kept = [FEED[0], "", "", FEED[3], FEED[4]]
    for count in range(6):
        expected = [text for text in kept[:count] if text]
        assert link.done(count).text == answer(expected)


def test_a_past_before_the_window_is_refused_with_the_lines_that_are_left() -> None:
    link = Link()
    link.rest(opened(limit=512, on_full="rebase"))
    for n, text in enumerate(FEED):
        link.rest(lines([text], n))
    start = link.of(messages.Settled)[-1].window_from
    assert start > 1
    link.rest(then(1, start), then(2, start - 1), then(3, start + 1), then(4, 0))
    failed = link.of(messages.Failed)
    assert [(item.id, item.code) for item in failed] == [
        (1, "not_found"),
        (2, "not_found"),
        (4, "not_found"),
    ]
    assert f"lines {start + 1} to 40" in failed[0].message
    assert link.done(3).text == answer(FEED[start : start + 1])
    assert link.done(3).window_from == start


def test_a_version_that_a_full_session_never_holds_is_refused() -> None:
    link = Link()
    link.rest(opened(limit=256), lines(FEED), then(1, 40))
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.code) == (1, "context_length_exceeded")


@settings(deadline=None, max_examples=8)
@given(st.data())
def test_the_past_is_served_while_the_window_moves(data: st.DataObject) -> None:
    clock = Clock()
    link = Link(FakeEngine(clock=clock, price=Price(0.01, 0.002)), clock=clock)
    link.rest(opened(limit=512, on_full="rebase"))
    for n, text in enumerate(FEED):
        link.beat(lines([text], n))
        back = data.draw(st.integers(0, min(n + 1, 12)))
        link.beat(then(n + 1, n + 1 - back))
    link.rest()
    ended = {done.id: done for done in link.of(messages.Done)}
    gone = {failed.id for failed in link.of(messages.Failed)}
    assert set(ended) | gone == set(range(1, 41))
    assert ended
    for done in ended.values():
        assert done.window_from < max(1, done.lines)
        assert done.text == alone(done.window_from, done.lines)


@pytest.mark.parametrize("beats", range(0, 12, 2))
def test_a_cancelled_journey_gives_back_every_cell(beats: int) -> None:
    link = Link(FakeEngine(chunk=8))
    link.rest(opened(), lines(FEED[:9]))
    used = link.engine.used
    link.inbox.append(then(1, 4))
    for _ in range(beats):
        link.beat()
    link.beat(messages.Cancel(1))
    assert link.engine.used == used


def test_a_model_that_cannot_go_back_computes_the_past_again(tmp_path: Path) -> None:
    model = Model(write_recurrent(tmp_path / "recurrent.gguf", seed=1))
    engine = LlamaCpp(model, Tuning(flash=False, chunk=64, threads=1), 4096, CELL_BYTES, {})
    vocabulary = ModelVocabulary(model)
    assert not engine.rewinds
    link = Link(engine, vocabulary)  # type: ignore[arg-type]
    link.rest(opened(), lines(FEED[:8]), *(then(count, count) for count in range(9)))
    frame = link.loop._desk.sessions["s"].frame
    lone = Lone(engine, vocabulary, frame)
    for count in range(9):
        said = lone.answer(FEED[:count], "why?", 8)
        assert link.done(count).text == said.text or said.margin < 0.05
    link.rest(messages.Close("s"))
    assert (engine.used, engine.reserved) == (0, 0)
    engine.close()
