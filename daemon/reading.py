"""What the model reads of a session's journal: its lines, but for those that were dropped.

A run of dropped lines is read as one marker in the place of its first line. Which lines those
are is for the store to keep; when to drop any is for `pressure`.
"""

from bisect import bisect_right
from collections.abc import Sequence

from sticli.daemon.disk.records import Drop


class Reading:
    """The runs of one session, oldest first and disjoint, and how far it is certain what is read.

    What the worker may have read never changes: lines before `_sure` are not dropped any more,
    and a run that begins before it does not grow any more.
    """

    def __init__(self, sure: int, runs: Sequence[Drop] = (), dropped: int = 0) -> None:
        self.dropped = dropped  # lines, those of runs that were forgotten included
        self._sure = sure
        self._runs = list(runs)
        self._unsaved: list[Drop] = []  # runs that grow no more and may not be in the store

    @property
    def next(self) -> int:
        """The oldest line that can still be dropped."""
        return max(self._sure, self._runs[-1].end if self._runs else 0)

    def drop(self, end: int) -> Drop:
        """Do not read what is left of the lines before `end`; returns the run that they join."""
        first = self.next
        assert end > first, "the lines are read, or dropped, already"
        self.dropped += end - first
        if self._runs and self._runs[-1].end == first and self._runs[-1].first >= self._sure:
            first = self._runs.pop().first
        run = Drop(first, end - first, end - first)
        self._runs.append(run)
        return run

    def claim(self, end: int) -> list[Drop]:
        """Make certain what is read before line `end`; returns the runs that the store must get."""
        if end > self._sure:
            fresh = [run for run in self._runs_from(self._sure) if self._sure <= run.first < end]
            self._unsaved += fresh
            self._sure = end
        return list(self._unsaved)

    def saved(self, runs: Sequence[Drop]) -> None:
        """The store has got these."""
        self._unsaved = [run for run in self._unsaved if run not in runs]

    def skipped(self, first: int) -> int:
        """How many lines from `first` on are not read; a run's marker stands for one."""
        found = (run.end - max(run.first + 1, first) for run in self._runs_from(first))
        return sum(max(0, count) for count in found)

    def forget(self, line: int) -> None:
        """Lines before `line` will not be read again."""
        while len(self._runs) > 1 and self._runs[0].end <= line:
            del self._runs[0]

    def read(self, first: int, texts: Sequence[str | None]) -> list[str | None]:
        """What the worker gets for lines `first`… of the journal."""
        found: list[str | None] = list(texts)
        end = first + len(found)
        for run in self._runs_from(first):
            if run.first >= end:
                break
            low, high = max(run.first, first), min(run.end, end)
            found[low - first : high - first] = [None] * (high - low)
            if run.first >= first:
                found[run.first - first] = marker(run)
        return found

    def _runs_from(self, line: int) -> list[Drop]:
        """The runs that do not end before `line`."""
        return self._runs[bisect_right(self._runs, line, key=lambda run: run.end) :]


def marker(run: Drop) -> str:
    """The line that stands for a run: a pure function of it, so every replay agrees."""
    lines = "1 line" if run.told == 1 else f"{run.told:,} lines"
    return f"[sticli: {lines} dropped here, the feed was faster than the model]"
