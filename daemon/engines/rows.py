"""The rows of a plan, cut into what llama.cpp takes at once, and their shares of the logits."""

from collections.abc import Iterator, Sequence

from sticli.daemon.engines.base import Logits, Row

Piece = list[tuple[int, Row]]  # slots and what is computed of them in one call


def pieces(slots: Sequence[int], rows: Sequence[Row], size: int) -> Iterator[Piece]:
    """All rows in order, `size` tokens at most at a time."""
    piece: Piece = []
    room = size
    for slot, row in zip(slots, rows, strict=True):
        rest = row
        while len(rest.tokens) > room:
            piece.append((slot, _head(rest, room)))
            yield piece
            rest = Row(rest.seq, rest.tokens[room:], rest.start + room, rest.wants)
            piece, room = [], size
        piece.append((slot, rest))
        room -= len(rest.tokens)
    yield piece


def _head(row: Row, count: int) -> Row:
    """The first tokens of a row that goes on."""
    return Row(row.seq, row.tokens[:count], row.start, "all" if row.wants == "all" else "none")


def split(rows: Sequence[Row], found: Logits) -> Iterator[Logits | None]:
    """Each row's share of the wanted logits."""
    at = 0
    for row in rows:
        if row.wants == "none":
            yield None
            continue
        count = len(row.tokens) if row.wants == "all" else 1
        yield found[at : at + count]
        at += count
