"""Feeds tell the truth about themselves, and are counted to the token."""

from collections.abc import Iterator
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.bench.feeds import (
    CENTS,
    DIRECTION,
    LAST_SYMBOL,
    Candles,
    Feed,
    Source,
    Trades,
    chunks,
)
from sticli.bench.growth import LONGEST
from sticli.bench.prompt import Prompter, prompter
from sticli.models.find import embedded_model


@pytest.fixture(scope="module")
def words() -> Iterator[Prompter]:
    with prompter(embedded_model()) as found:
        yield found


@pytest.mark.parametrize("kind", [Trades, Candles])
def test_a_seed_is_one_feed(kind: type[Trades] | type[Candles]) -> None:
    one, again, other = ([feed.line() for _ in range(50)] for feed in (kind(1), kind(1), kind(2)))
    assert one == again != other


def test_trades_know_who_was_last() -> None:
    feed = Trades(7)
    for _ in range(30):
        line = feed.line()
        assert feed.truth(LAST_SYMBOL) == line.split()[1]
    assert feed.truth("who are you?") == ""


@given(st.integers(0, 10_000))
def test_candles_follow_each_other(seed: int) -> None:
    feed, rows, truths = Candles(seed), [], []
    for _ in range(40):
        rows.append([int(field) for field in feed.line().split(",")])
        truths.append(feed.truth(DIRECTION))
    for start, high, low, end, volume in rows:
        assert low <= min(start, end) <= max(start, end) <= high
        assert low in CENTS
        assert high in CENTS
        assert len(str(volume)) == 7
    assert all(before[3] == after[0] for before, after in pairwise(rows))
    moves = [end - start for start, _, _, end, _ in rows]
    assert truths == ["up" if one > 0 else "down" if one < 0 else "" for one in moves]
    assert feed.truth("describe it") == ""


def test_all_candles_take_the_same_tokens(words: Prompter) -> None:
    feed = Candles(3)
    assert {len(words.line(feed.line())) for _ in range(200)} == {32}  # each digit is one


@given(st.integers(0, 10_000), st.integers(2, 40))
def test_a_chunk_says_whether_it_rose(seed: int, lines: int) -> None:
    found = list(islice(chunks(seed, "ACME", lines), 6))
    prices = [[float(line.split()[2]) for line in chunk.lines] for chunk in found]
    assert [len(one) for one in prices] == [lines] * 6
    assert [one.truth for one in found] == ["up" if p[-1] > p[0] else "down" for p in prices]
    assert found == list(islice(chunks(seed, "ACME", lines), 6))


def test_chunks_go_both_ways() -> None:
    assert {chunk.truth for chunk in islice(chunks(1, "ACME", 8), 64)} == {"up", "down"}


@given(st.lists(st.integers(1, 300), min_size=1, max_size=12), st.booleans())
def test_a_source_is_never_off_by_a_line(words: Prompter, wanted: list[int], trades: bool) -> None:
    feed: Feed = Trades(1) if trades else Candles(1)
    source, taken = Source(feed, words), 0
    for number, tokens in enumerate(wanted, 1):
        taken += sum(len(words.line(line)) for line in source.take(tokens))
        assert 0 <= taken - sum(wanted[:number]) < LONGEST
