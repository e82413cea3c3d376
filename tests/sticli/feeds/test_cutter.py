"""Lines out of bytes: whatever the pieces, always the same, never too long, never too much held."""

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.feeds.cutter import MARK, Cutter
from sticli.protocol import MAX_LINE

LETTERS = st.sampled_from(
    [b"a", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xc3", b"\xa9", b"\xe2\x82"]
)
FEED = st.lists(st.one_of(LETTERS, st.binary(max_size=6)), max_size=60).map(b"".join)
LONG = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from([b"x", b"\xc3\xa9", b"\xff", b"\xf0\x9f\x99\x82"]),
            st.integers(0, 90_000),
        ),
        st.tuples(st.just(b"\r\n"), st.just(1)),
    ),
    max_size=6,
).map(lambda runs: b"".join(letter * count for letter, count in runs))


def cut(data: bytes, places: list[int]) -> tuple[list[str], int, int]:
    """The lines of data that arrives in pieces, and the counts of the cutter."""
    cutter, lines, before = Cutter(), [], 0
    for place in [*sorted(place % (len(data) + 1) for place in places), len(data)]:
        lines += cutter.feed(data[before:place])
        before = place
    return lines + cutter.end(), cutter.replaced, cutter.split


def plain(data: bytes) -> list[str]:
    """What the lines of short data are, said in the simplest way."""
    rows = data.split(b"\n")
    if rows[-1] == b"":
        rows.pop()
    return [row.removesuffix(b"\r").decode("utf-8", "replace") for row in rows]


@given(FEED, st.lists(st.integers(0, 1000), max_size=8))
def test_any_bytes_in_any_pieces_are_the_same_lines(data: bytes, places: list[int]) -> None:
    assert cut(data, places)[0] == plain(data)


@settings(max_examples=60, deadline=None)
@given(LONG, st.lists(st.integers(0, 1 << 20), max_size=5))
def test_long_lines_are_cut_at_the_same_places_whatever_the_pieces(
    data: bytes, places: list[int]
) -> None:
    lines, replaced, split = cut(data, places)
    assert (lines, replaced, split) == cut(data, [])
    assert all(len(line.encode()) <= MAX_LINE and "\n" not in line for line in lines)
    assert split == sum(len(row) > MAX_LINE for row in data.split(b"\n"))
    if not replaced:
        joined = "".join(
            line.removesuffix(MARK) if line.endswith(MARK) else line + "\n" for line in lines
        )
        assert joined.split() == data.decode().split()


def test_replacements_are_counted_but_not_those_that_were_there() -> None:
    assert cut(b"a\xff\xff\n\xef\xbf\xbd\n", [])[:2] == (["a\ufffd\ufffd", "\ufffd"], 2)


def test_one_carriage_return_goes_and_nul_stays() -> None:
    assert cut(b"a\r\nb\r\r\n\0c\rd", [])[0] == ["a", "b\r", "\0c\rd"]


def test_a_huge_line_holds_little_memory() -> None:
    cutter, piece = Cutter(), b"x" * 65536
    tracemalloc.start()
    made = sum(len(cutter.feed(piece)) for _ in range(2000))  # 131 MB without a newline
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made >= 2000 - 2
    assert cutter.split == 1
    assert peak < 2 << 20
