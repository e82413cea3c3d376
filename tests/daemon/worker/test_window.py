"""The window of lines that a full context keeps."""

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.worker.window import HIGH, KEEP, Window

counts = st.lists(st.integers(1, 120), max_size=300)


def run(room: int, start: int, lines: list[int]) -> Window:
    window = Window(room, start)
    for count in lines:
        window.add(count)
    return window


@given(st.integers(20, 200), counts)
def test_never_above_high_and_never_longer_than_the_feed(room: int, lines: list[int]) -> None:
    window = Window(room)
    for n, count in enumerate(lines):
        window.add(count)
        assert window.tokens <= room * HIGH
        kept = [c for c in lines[window.start : n + 1] if window.holds(c)]
        assert window.tokens == sum(kept)


@given(st.integers(20, 200), counts)
def test_a_replay_from_any_earlier_start_ends_in_the_same_place(
    room: int, lines: list[int]
) -> None:
    whole = Window(room)
    starts = {0}
    for count in lines:
        whole.add(count)
        starts.add(whole.start)
    for start in starts:
        assert run(room, start, lines[start:]).start == whole.start


def test_moves_to_the_newest_half() -> None:
    window = Window(100)
    moved = [window.add(10) for _ in range(9)]
    assert moved == [False] * 8 + [True]
    assert (window.start, window.tokens) == (4, 100 * KEEP)


def test_a_line_longer_than_what_is_kept_counts_as_empty() -> None:
    window = Window(100)
    assert not window.add(51)
    assert (window.start, window.tokens) == (0, 0)
