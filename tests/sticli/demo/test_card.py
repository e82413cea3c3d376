"""The card's arithmetic."""

import pytest

from sticli.demo import card


def test_wilson_intervals_match_the_published_example() -> None:
    # Newcombe (1998): 81 of 263 gives 0.2553 to 0.3662.
    assert card.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert card.wilson(10, 10)[1] == pytest.approx(1)


def test_a_table_has_a_row_a_kind_and_a_column_a_length() -> None:
    hits = {("last_price", 64): [True, False], ("last_error", 128): [True]}
    rows = card.table(hits).splitlines()
    assert rows[0] == "| question | 64 tokens | 128 tokens |"
    assert rows[2].startswith("| `last_error` | - | 100.0 % (")
    assert "50.0 %" in rows[3]
    assert "n=2" in rows[3]


def test_the_card_is_whole() -> None:
    hits = {("last_price", 64): [True]}
    text = card.render(hits, hits, {"seed": "1", "step": "9", "seconds": "600"}, 5, 10)
    assert "seed 1, 9 steps,\n10 minutes" in text
    assert "$" not in text
