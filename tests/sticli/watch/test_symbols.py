"""The symbols: plain ones for plain terminals, each with a meaning."""

from dataclasses import asdict

from sticli.watch.bars import bar, curve
from sticli.watch.symbols import ASCII, LEGEND, UNICODE, suited


def test_a_terminal_that_lacks_any_gets_plain_ones() -> None:
    assert suited("utf-8") is UNICODE
    assert suited("ascii") is suited("latin-1") is suited("no such encoding") is ASCII
    assert "".join(asdict(ASCII).values()).isascii()


def test_every_symbol_has_a_plain_one_as_long() -> None:
    plain = asdict(ASCII)
    for name, mark in asdict(UNICODE).items():
        assert name in ("to", "cut") or len(plain[name]) == len(mark)


def test_the_legend_speaks_of_symbols_that_there_are() -> None:
    assert {name for name, _ in LEGEND} <= asdict(UNICODE).keys()


def test_a_bar_shows_whatever_there_is_and_is_full_only_of_all() -> None:
    assert [bar(share, 4) for share in (-1, 0, 0.001, 0.5, 0.999, 1, 2)] == [
        "░░░░", "░░░░", "█░░░", "██░░", "███░", "████", "████",
    ]  # fmt: skip


def test_a_curve_of_the_newest() -> None:
    assert curve([0.5, 0.0, 0.5, 1.0, 7.0], 4) == "▁▅██"
    assert curve([], 4) == ""
    assert curve([0.5], 0) == ""
