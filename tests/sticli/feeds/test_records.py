"""CSV records: line breaks inside quotes belong to them; how the bytes come does not matter."""

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.feeds.records import RecordCutter
from sticli.protocol import MAX_LINE

cells = st.text(st.sampled_from('ab," \n\té'), max_size=6)


def cut(pieces: list[bytes]) -> list[str]:
    cutter = RecordCutter(",")
    records = [record for piece in pieces for record in cutter.feed(piece)]
    return records + cutter.end()


def split(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@settings(max_examples=50)
@given(st.lists(st.lists(cells, min_size=2, max_size=4), max_size=8), st.lists(st.integers(0)))
def test_what_a_writer_wrote_comes_back_whatever_the_pieces(
    rows: list[list[str]], places: list[int]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    records = cut(split(text.getvalue().encode(), places))
    assert [next(csv.reader([record])) for record in records] == rows


@settings(max_examples=50)
@given(st.binary(max_size=80), st.lists(st.integers(0)), st.integers(0))
def test_any_bytes_cut_anywhere_and_gone_on_with_anywhere(
    data: bytes, places: list[int], stop: int
) -> None:
    """What is held back is read again by who goes on there: nothing is lost or doubled."""
    whole = cut([data])
    assert cut(split(data, places)) == whole
    first = RecordCutter(",")
    stop %= len(data) + 1
    records = first.feed(data[:stop])
    assert records + cut([data[stop - first.held :]]) == whole


def test_a_stray_quote_costs_one_line() -> None:
    lines = [f"{n},{'x' * 50}" for n in range(3000)]
    data = "\n".join(['a,"b', *lines, ""]).encode()
    assert cut([data]) == ['a,"b', *lines]
    assert cut(split(data, list(range(0, len(data), 9973)))) == ['a,"b', *lines]


def test_behind_a_stray_quote_nothing_is_held_back_that_is_whole() -> None:
    cutter = RecordCutter(",")
    lines = [f'{n},""{"x" * 50}' for n in range(1200)]  # none of them closes a quote
    found = cutter.feed("\n".join(['a,"b', *lines, ""]).encode()) + cutter.feed(b"1,2\n" * 1600)
    assert (found, cutter.held) == (['a,"b', *lines, *["1,2"] * 1600], 0)


def test_each_line_is_looked_at_a_few_times_whatever_it_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cutter, looks = RecordCutter(","), 0
    looked = cutter._open

    def counted(line: bytes) -> object:
        nonlocal looks
        looks += 1
        return looked(line)

    monkeypatch.setattr(cutter, "_open", counted)
    lines = ['x"y,"z'] * 2000  # opens a quote, and inside of one leaves it open
    assert cutter.feed("\n".join([*lines, ""]).encode()) + cutter.end() == lines
    assert looks < 4 * len(lines)


def test_quotes_inside_a_field_open_nothing() -> None:
    assert cut([b'5" pipe,3\n6" pipe,"4\n5"\n"a"b,1\n']) == [
        '5" pipe,3',
        '6" pipe,"4\n5"',
        '"a"b,1',
    ]


@pytest.mark.parametrize("step", [1 << 20, 1000, 65536])
def test_a_line_too_long_to_be_csv_is_split(step: int) -> None:
    data = b'"' + b"x" * 3 * MAX_LINE + b'\n1,"2\n3"\n'
    records = cut([data[at : at + step] for at in range(0, len(data), step)])
    assert records[-1] == '1,"2\n3"'
    assert all(len(record) <= MAX_LINE for record in records)
    assert "".join(one.removesuffix(" [sticli: line goes on]") for one in records[:-1]) == (
        '"' + "x" * 3 * MAX_LINE
    )
