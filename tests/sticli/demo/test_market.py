"""The simulated market: its truths, recomputed from its printed lines alone."""

import pytest

from sticli.demo.market import Market
from sticli.demo.names import is_held_out


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


def test_questions_carry_the_truth_of_the_moment() -> None:
    market = Market(5)
    assert {asked.truth for asked in market.questions()} == {"none"}
    for _ in range(30):
        market.line()
        asked = market.ask()
        assert asked.truth == market.truth(asked.text)
        assert (asked.kind == "unknown_price") == (asked.truth == "none")


def test_a_seed_is_a_feed() -> None:
    first, second, other = Market(7), Market(7), Market(8)
    told = [[feed.line() for _ in range(20)] for feed in (first, second, other)]
    assert told[0] == told[1] != told[2]


def test_held_out_symbols_are_never_trained() -> None:
    for seed in range(50):
        assert all(map(is_held_out, Market(seed, held_out=True).symbols))
        assert not any(map(is_held_out, Market(seed).symbols))


def test_a_log_question_is_refused() -> None:
    with pytest.raises(ValueError, match="market"):
        Market(1).truth("last error?")
    with pytest.raises(ValueError, match="can answer"):
        Market(1).truth("is it raining?")
