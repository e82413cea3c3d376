"""The simulated market: its truths, recomputed from its printed lines alone."""

import json
from itertools import permutations

import pytest

from sticli.demo.world import coined, extra
from sticli.demo.world.lexicon import KEPT_SIDES, KEYS, SIDES
from sticli.demo.world.market import Market
from sticli.demo.world.names import is_held_out


def printed(lines: list[str], name: str) -> str:
    prices = [line.split()[2] for line in lines if line.split()[1] == name]
    return prices[-1] if prices else "none"


@pytest.mark.parametrize("held_out", [False, True])
def test_truths_follow_from_the_lines(held_out: bool) -> None:
    for seed in range(20):
        market, lines = Market(seed, held_out=held_out), list[str]()
        for _ in range(40):
            lines.append(market.line())
            assert market.truth("which symbol traded last?") == lines[-1].split()[1]
            for name in [*market.symbols, "ZZZZ"]:
                assert market.truth(f"last price of {name}?") == printed(lines, name)


def named(role: str) -> set[str]:
    return {key for keys in KEYS[role] for key in keys}


CLOSES = named("price") | named("close")


def objects(market: Market, lines: int) -> list[dict[str, str]]:
    """What JSON lines say, all as text; empty for a feed of another form."""
    told = [market.line()]
    if told[0][0] != "{":
        return []
    told += [market.line() for _ in range(lines - 1)]
    return [json.loads(line, parse_float=str, parse_int=str) for line in told]


@pytest.mark.parametrize("held_out", [False, True])
def test_truths_follow_from_json_lines(held_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coined, "SHARE", 0.0)
    monkeypatch.setattr(extra, "SHARES", ())
    checked = 0
    for seed in range(120):
        market = Market(seed, held_out=held_out, varied=True)
        told = objects(market, 30)
        for name in market.symbols if told else []:
            lines = [one for one in told if name in one.values()]
            closes = [text for one in lines for key, text in one.items() if key in CLOSES]
            assert market.truth(f"last price of {name}?") == (closes[-1] if closes else "none")
            assert market.truth(f"how many trades of {name}?") == str(len(lines))
            assert market.truth(f"previous price of {name}?") == (
                closes[-2] if len(closes) > 1 else "none"
            )
            checked += bool(lines)
    assert checked > 20


def test_candles_have_highs_of_highs_and_first_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coined, "SHARE", 0.0)
    monkeypatch.setattr(extra, "SHARES", ())
    seen = 0
    for seed in range(200):
        market = Market(seed, varied=True)
        told = [one for one in objects(market, 40) if named("high") & {*one}]
        for name in market.symbols if len(told) == 40 else []:
            bars = [one for one in told if name in one.values()]
            if not bars:
                continue
            seen += 1
            column = {
                role: [text for bar in bars for key, text in bar.items() if key in named(role)]
                for role in ("open", "high", "low", "close")
            }
            assert market.truth(f"highest price of {name}?") == max(column["high"], key=float)
            assert market.truth(f"lowest price of {name}?") == min(column["low"], key=float)
            assert market.truth(f"first price of {name}?") == column["open"][0]
            assert market.truth(f"last close of {name}?") == column["close"][-1]
    assert seen > 10


def test_questions_carry_the_truth_of_the_moment() -> None:
    market = Market(5)
    assert {asked.truth for asked in market.questions()} == {"none"}
    for _ in range(30):
        market.line()
        for asked in [market.ask(), *market.questions()]:
            assert asked.truth == market.truth(asked.text)
            assert asked.kind.startswith("unknown_") == (asked.truth == "none")


def test_a_seed_is_a_feed() -> None:
    for varied in (False, True):
        first, second, other = (Market(seed, varied=varied) for seed in (7, 7, 8))
        told = [[feed.line() for _ in range(20)] for feed in (first, second, other)]
        assert told[0] == told[1] != told[2]


@pytest.mark.parametrize("varied", [False, True])
def test_held_out_symbols_are_never_trained(varied: bool) -> None:
    for seed in range(50):
        assert all(map(is_held_out, Market(seed, held_out=True, varied=varied).symbols))
        assert not any(map(is_held_out, Market(seed, varied=varied).symbols))


def test_a_log_question_is_refused() -> None:
    with pytest.raises(ValueError, match="market"):
        Market(1).truth("last error?")
    with pytest.raises(ValueError, match="can answer"):
        Market(1).truth("is it raining?")


def test_a_price_beside_a_size_has_a_point() -> None:
    for seed in range(200):
        market = Market(seed, varied=True)
        if market._shape.sort in ("orders", "sizes"):
            assert all(places > 0 for places in market._board.decimals.values())


def test_sides_are_of_any_two_words_but_those_kept() -> None:
    drawn = {
        tuple(sorted(market._shape.sides))
        for market in (Market(seed, varied=True) for seed in range(300))
    }
    kept = {word.lower() for sides in KEPT_SIDES for word in sides}
    assert len(drawn) > 100
    assert {tuple(sorted(sides)) for sides in SIDES} <= drawn
    assert not kept & {word.lower() for sides in drawn for word in sides}


def test_fields_of_an_order_come_in_any_order_but_that_kept() -> None:
    shapes = [Market(seed, varied=True)._shape for seed in range(300)]
    kept = ("size", "side", "price")
    assert {shape.order for shape in shapes if shape.sort == "orders"} == {*permutations(kept)} - {
        kept
    }
    assert {shape.order for shape in shapes if shape.sort == "sizes"} == {
        ("size", "price"), ("price", "size"),
    }  # fmt: skip
