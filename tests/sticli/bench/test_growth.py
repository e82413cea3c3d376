"""A session grows as planned: in time, in tokens, and never past what its cells hold."""

from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.bench.adapters.base import Adapter
from sticli.bench.feeds import LAST_SYMBOL, Source, Trades
from sticli.bench.growth import LONGEST, Growth, Pace, grown, held, limit
from sticli.bench.prompt import Context, Prompter, prompter
from sticli.models.find import embedded_model
from tests.sticli.bench.noted import Noted


def _growth(words: Prompter, *engines: Noted) -> Growth:
    source = Source(Trades(1), words)
    return Growth([cast(Adapter, one) for one in engines], source, Pace(50.0), LAST_SYMBOL, 8)


@pytest.fixture(scope="module")
def words() -> Iterator[Prompter]:
    with prompter(embedded_model()) as found:
        yield found


@given(st.floats(0.1, 100_000))
def test_a_pace_keeps_its_rate(rate: float) -> None:
    pace = Pace(rate)
    assert pace.batch >= 1
    assert pace.batch / pace.beat == pytest.approx(rate)
    assert pace.beat >= 0.06 or rate < 15


@given(st.integers(1, 3000))
def test_the_limit_holds_the_lines_and_hardly_more(words: Prompter, tokens: int) -> None:
    cells = limit(words, tokens)
    context, feed, total = Context(words, cells), Trades(1), 0
    while total < tokens:
        context.add([line := feed.line()])
        total += len(words.line(line))
    assert len(context.tokens()) == len(words.frame.prefix) + total  # no line was dropped
    assert cells <= 1.35 * (tokens + LONGEST) + 16


def test_a_stretch_goes_on_where_the_last_one_ended(words: Prompter) -> None:
    growth = _growth(words)
    growth.begin("one", held(words, 200))
    first, second = growth.stretch(160), growth.stretch(30)
    assert [arrival.at for arrival in first.arrivals] == pytest.approx([0.0, 0.1])
    assert [question.at for question in first.questions] == pytest.approx([0.2])
    (question,) = second.questions
    assert (question.session, question.text, question.max_tokens) == ("one", LAST_SYMBOL, 8)
    assert second.held == {"one": first.lines("one")}
    assert question.truth == second.arrivals[-1].lines[-1].split()[1]
    context = Context(words, 1024)
    replay = Source(Trades(1), words)
    context.add(replay.take(199))
    assert context.lines == first.held["one"]
    growth.begin("two", 50)
    third = growth.stretch(10)
    assert third.held["two"] > 0
    assert third.sessions == ["two"]


def test_every_engine_gets_the_session_and_is_asked_once_before_it_counts(words: Prompter) -> None:
    live, stateless = Noted("sticli live"), Noted("llama.cpp stateless")
    schedules = list(grown(_growth(words, live, stateless), "one", 40, 20, 2))
    lines = Source(Trades(1), words).take(40)
    assert live.told == [
        ("open", "one", LAST_SYMBOL),
        ("append", "one", *lines),
        ("settle", "one"),
        ("ask", "one", LAST_SYMBOL),
        ("drop", "one"),
    ]
    assert stateless.told == [call for call in live.told if call[0] != "ask"]
    assert [one.held["one"] for one in schedules] == [len(lines), schedules[0].lines("one")]


def test_one_that_hangs_is_told_nothing_more(words: Prompter) -> None:
    stays, hangs = Noted("stays"), Noted("hangs")
    growth = _growth(words, stays, hangs)
    growth.begin("one", 40)
    before = list(hangs.told)
    del growth.engines["hangs"]
    growth.begin("two", 40)
    assert hangs.told == before
    assert stays.told[4:6] == [("drop", "one"), ("open", "two", LAST_SYMBOL)]
