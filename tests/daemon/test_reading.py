"""What is read of a journal: lines, markers in the place of runs, and nothing that changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sticli.daemon.disk.records import Drop
from sticli.daemon.reading import Reading, marker


class Feed(RuleBasedStateMachine):
    """Lines come, are dropped and read in any order, and the reader starts anew at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.reading = Reading(0)
        self.dropped: set[int] = set()
        self.stored: dict[int, Drop] = {}
        self.sent: list[str | None] = []

    @rule(count=st.integers(1, 9))
    def accept(self, count: int) -> None:
        self.lines += [f"line {len(self.lines) + n}" for n in range(count)]

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        first = self.reading.next
        if first < len(self.lines):
            end = data.draw(st.integers(first + 1, len(self.lines)))
            run = self.reading.drop(end)
            assert run.first <= first
            assert run.end == end
            self.dropped |= set(range(first, end))

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        first = len(self.sent)
        end = data.draw(st.integers(first, len(self.lines)))
        runs = self.reading.claim(end)
        self.stored |= {run.first: run for run in runs}
        self.reading.saved(runs)
        assert self.reading.next >= end
        self.sent += self.reading.read(first, self.lines[first:end])

    @rule()
    def restart(self) -> None:
        """Only what the store got is left; what it did not get was never read."""
        self.recall()

    def recall(self) -> None:
        runs = [self.stored[first] for first in sorted(self.stored)]
        self.reading = Reading(len(self.lines), runs, sum(run.count for run in runs))
        self.dropped = {line for run in runs for line in range(run.first, run.end)}

    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        line = data.draw(st.integers(0, len(self.sent)))
        whole = self.reading.read(line, self.lines[line:])
        self.reading.forget(line)
        assert self.reading.read(line, self.lines[line:]) == whole
        self.recall()

    @invariant()
    def what_was_sent_is_read_again(self) -> None:
        assert self.reading.read(0, self.lines[: len(self.sent)]) == self.sent

    @invariant()
    def every_line_is_read_or_has_a_marker(self) -> None:
        found = self.reading.read(0, self.lines)
        assert len(found) == len(self.lines)
        assert self.reading.dropped == len(self.dropped)
        for line, (text, wanted) in enumerate(zip(found, self.lines, strict=True)):
            if line not in self.dropped:
                assert text == wanted
            elif text is None:
                assert line - 1 in self.dropped
            else:
                assert text.startswith("[sticli: ")


TestFeed = Feed.TestCase
TestFeed.settings = settings(max_examples=40, stateful_step_count=30)


def test_one_marker_stands_for_a_run_until_it_is_read() -> None:
    reading = Reading(0)
    reading.drop(3)
    assert reading.drop(5) == Drop(0, 5, 5)
    assert reading.claim(1) == [Drop(0, 5, 5)]
    assert reading.drop(6) == Drop(5, 1, 1)  # the first marker may have been read
    wanted = [marker(Drop(0, 5, 5)), None, None, None, None, marker(Drop(5, 1, 1)), "g"]
    assert reading.read(0, list("abcdefg")) == wanted
    assert reading.read(2, list("cdefg")) == wanted[2:]


def test_runs_are_handed_out_until_the_store_has_them() -> None:
    reading = Reading(2)
    assert reading.next == 2
    run = reading.drop(4)
    assert reading.claim(2) == []
    assert reading.claim(3) == [run] == reading.claim(3)
    reading.saved([run])
    assert reading.claim(9) == []


@pytest.mark.parametrize(("told", "words"), [(1, "1 line"), (1234, "1,234 lines")])
def test_the_marker_says_how_many(told: int, words: str) -> None:
    assert marker(Drop(0, 1, told)) == (
        f"[sticli: {words} dropped here, the feed was faster than the model]"
    )


@given(st.integers(0, 30), st.integers(1, 10), st.integers(0, 40), st.integers(0, 20))
def test_any_piece_reads_as_in_the_whole(first: int, count: int, start: int, size: int) -> None:
    reading = Reading(0, [Drop(first, count, count)], count)
    lines = [str(n) for n in range(60)]
    assert (
        reading.read(start, lines[start : start + size])
        == (reading.read(0, lines)[start : start + size])
    )
    assert reading.skipped(start) == reading.read(start, lines[start:]).count(None)
