from itertools import accumulate, pairwise

import hypothesis.strategies as st
from hypothesis import given

from sticli.daemon.worker.transcript import Transcript

PREFIX = (1, 2, 3)

texts = st.lists(st.one_of(st.none(), st.text(max_size=9)), max_size=12)


def encode(text: str) -> list[int]:
    return [7, *map(ord, text)]


def ids(text: str | None) -> list[int]:
    return [] if text is None else encode(text + "\n")


def taken(lines: list[str | None], first: int = 0) -> Transcript:
    """One whose lines are all tokens, each a version of its own."""
    found = Transcript(PREFIX, encode, first)
    for number, line in enumerate(lines, first):
        found.add(number, number + 1, [line])
    while found.waits:
        found.put(found.peek()[0])
    return found


@given(texts, st.integers(0, 5))
def test_every_line_is_tokenised_by_itself_behind_the_prefix(
    lines: list[str | None], first: int
) -> None:
    found = taken(lines, first)
    assert found.tokens.tolist() == [*PREFIX, *(token for line in lines for token in ids(line))]
    assert found.arrived == first + len(lines)


@given(texts, st.integers(0, 5))
def test_lines_and_versions_are_of_what_is_whole(lines: list[str | None], first: int) -> None:
    found = taken(lines, first)
    ends = [*accumulate((len(ids(line)) for line in lines), initial=len(PREFIX))]
    for number, end in enumerate(ends):
        assert found.until(first + number) == end
    for length in range(len(found.tokens) + 1):
        whole = sum(end <= length for end in ends[1:])
        assert found.lines(length) == first + whole
        assert found.version(first + whole) == (first + whole if whole else 0)


@given(texts, st.data())
def test_what_is_forgotten_leaves_what_a_later_start_would_have_read(
    lines: list[str | None], data: st.DataObject
) -> None:
    found = taken(lines)
    starts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=3)))
    for start in starts:
        found.forget(start)
    start = starts[-1] if starts else 0
    later = taken(lines[start:], start)
    assert found.tokens == later.tokens
    assert found.arrived == later.arrived
    for number in range(start, len(lines) + 1):
        assert found.until(number) == later.until(number)
        assert found.version(number) == number  # a start in its middle does not know the first


@given(texts, st.lists(st.integers(0, 12)))
def test_lines_that_came_before_are_taken_once_and_none_after_a_gap(
    lines: list[str | None], cuts: list[int]
) -> None:
    found, bounds = Transcript(PREFIX, encode), [0, *sorted(cuts), len(lines)]
    for begin, end in pairwise(bounds):
        if begin >= len(lines):
            continue
        back = max(0, begin - 2)
        before = found.arrived
        assert found.add(back, end, lines[back:end]) == max(0, len(lines[back:end]) - begin + back)
        assert found.add(found.arrived + 1, end, ["late"]) == 0
        assert found.arrived == max(before, min(end, len(lines)))
    assert found.arrived == len(lines)


def test_what_waits_is_told_with_its_characters_and_can_be_refused() -> None:
    found = Transcript(PREFIX, encode)
    found.add(0, 1, ["abc", None, "d"])
    assert found.peek() == (encode("abc\n"), 3)
    found.put(())  # whoever calls decides what becomes of it
    assert found.peek() == ((), 0)
    found.refuse()
    assert (found.waits, found.arrived, found.tokens.tolist()) == (False, 1, list(PREFIX))
