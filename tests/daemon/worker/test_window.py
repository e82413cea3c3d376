"""The window of lines that a full context keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.worker.window import HIGH, KEEP, SLIDE_HIGH, SLIDE_KEEP, Window, opened

counts = st.lists(st.integers(1, 120), max_size=300)


SHARES = {"rebase": (HIGH, KEEP), "slide": (SLIDE_HIGH, SLIDE_KEEP)}

moving = pytest.mark.parametrize("on_full", SHARES)


def begin(on_full: str, room: int, start: int = 0) -> Window:
    window = opened(on_full, room, start)
    assert window is not None
    return window


def run(on_full: str, room: int, start: int, lines: list[int]) -> Window:
    window = begin(on_full, room, start)
    for count in lines:
        window.add(count)
    return window


@moving
@given(st.integers(20, 200), counts)
def test_never_above_high_and_never_longer_than_the_feed(
    on_full: str, room: int, lines: list[int]
) -> None:
    window = begin(on_full, room)
    for n, count in enumerate(lines):
        window.add(count)
        assert window.tokens <= room * SHARES[on_full][0]
        kept = [c for c in lines[window.start : n + 1] if window.holds(c)]
        assert window.tokens == sum(kept)


@moving
@given(st.integers(20, 200), counts)
def test_a_replay_from_any_earlier_start_ends_in_the_same_place(
    on_full: str, room: int, lines: list[int]
) -> None:
    whole = begin(on_full, room)
    starts = {0}
    for count in lines:
        whole.add(count)
        starts.add(whole.start)
    for start in starts:
        assert run(on_full, room, start, lines[start:]).start == whole.start


def test_moves_to_the_newest_half() -> None:
    window = Window(100)
    moved = [window.add(10) for _ in range(9)]
    assert moved == [False] * 8 + [True]
    assert (window.start, window.tokens) == (4, 100 * KEEP)


def test_a_slide_waits_until_all_is_full_and_drops_less() -> None:
    window = begin("slide", 100)
    moved = [window.add(10) for _ in range(11)]
    assert moved == [False] * 10 + [True]
    assert (window.start, window.tokens) == (4, 70)
    assert opened("stop", 100, 0) is None


def test_a_line_longer_than_what_is_kept_counts_as_empty() -> None:
    window = Window(100)
    assert not window.add(51)
    assert (window.start, window.tokens) == (0, 0)
