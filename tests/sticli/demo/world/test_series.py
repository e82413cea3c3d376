"""What follows from numbers, against the numbers themselves."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.demo.world.series import Bar, Series, printed

LISTS = st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=30)


def series(closes: list[int], decimals: int) -> Series:
    found = Series(decimals)
    for close in closes:
        found.add(Bar(close, close + 2, close - 1, close))
    return found


@settings(max_examples=40)
@given(LISTS, st.integers(1, 40), st.integers(0, 4))
def test_it_is_what_the_numbers_say(closes: list[int], k: int, decimals: int) -> None:
    one = series(closes, decimals)
    assert (one.first, one.last) == (closes[0], closes[-1])
    assert (one.top, one.bottom) == (max(closes) + 2, min(closes) - 1)
    assert (one.high(k), one.low(k)) == (max(closes[-k:]) + 2, min(closes[-k:]) - 1)
    moved = closes[-1] - closes[0]
    assert one.trend == ("up" if moved > 0 else "down" if moved else "flat")
    assert one.moved == (abs(moved) / Decimal(abs(closes[0])) if closes[0] else 0) or moved


@settings(max_examples=40)
@given(LISTS, st.integers(-(10**7), 10**7), st.integers(0, 4))
def test_above_is_above(closes: list[int], threshold: int, decimals: int) -> None:
    above = series(closes, decimals).been_above(printed(threshold, decimals))
    assert above == (max(closes) + 2 > threshold)


@settings(max_examples=40)
@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_a_number_is_printed_to_its_last_digit(number: int, decimals: int) -> None:
    text = printed(number, decimals)
    assert Decimal(text).scaleb(decimals) == number
    assert len(text.partition(".")[2]) == decimals
