"""The interval against published examples, and what must hold of any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.wilson import wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (16, 121, 0.0831, 0.2040),
        (81, 263, 0.2553, 0.3662),  # Newcombe (1998), as are those below
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_examples(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_all_is_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_it_holds_the_share_and_stays_between_none_and_all(pair: tuple[int, int]) -> None:
    hits, of = pair
    low, high = wilson(hits, of)
    assert 0 <= low <= hits / of + 1e-12
    assert hits / of - 1e-12 <= high <= 1
    mirrored = wilson(of - hits, of)
    assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]))
