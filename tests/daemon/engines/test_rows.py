"""Rows cut into pieces are the same rows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon.engines.base import Row, Seq
from sticli.daemon.engines.rows import pieces

WANTS = st.sampled_from(["none", "last", "all"])
LENGTHS = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 9), WANTS), min_size=1, max_size=6)


def computed(slot: int, row: Row) -> list[tuple[int, int, int, bool]]:
    """(slot, position, token, wanted) of each token."""
    last = len(row.tokens) - 1
    return [
        (slot, row.start + n, token, row.wants == "all" or (row.wants == "last" and n == last))
        for n, token in enumerate(row.tokens)
    ]


@settings(max_examples=80)
@given(LENGTHS, st.integers(1, 12))
def test_pieces_hold_every_token_once_and_in_order(rows: list[tuple], size: int) -> None:  # type: ignore[type-arg]
    whole = [Row(Seq(0), list(range(n)), start, wants) for n, start, wants in rows]
    found = list(pieces(range(len(whole)), whole, size))
    assert all(0 < sum(len(row.tokens) for _, row in piece) <= size for piece in found)
    assert [item for piece in found for slot, row in piece for item in computed(slot, row)] == [
        item for slot, row in enumerate(whole) for item in computed(slot, row)
    ]
