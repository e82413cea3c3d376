"""What happens to the lines of a feed on their way: format, filters, repeats, sample, time.

In this order, after the cutting: each stage takes a list of lines and gives one.
"""

import time
from collections.abc import Callable

from sticli.feeds.choice import Choice
from sticli.feeds.cutter import Cutter, fit
from sticli.feeds.filters import Dedupe, Grep, Sample, stamp
from sticli.feeds.formats import Formatted
from sticli.feeds.memory import Counts, Memory
from sticli.feeds.records import RecordCutter

Stage = Callable[[list[str]], list[str]]

PATIENCE = 1.0  # seconds that repeats are counted before somebody is told


class Pipeline:
    """Begins with what `memory` holds and keeps it; `counts` are those of this run."""

    def __init__(self, choice: Choice, memory: Memory | None = None) -> None:
        """Raises SticliError where a pattern or a template is none."""
        self.counts = Counts()
        self.strict = choice.strict
        self._memory = memory or Memory()
        self._header = choice.format == "csv" and choice.header
        self._delimiter = choice.delimiter if choice.format == "csv" else ""
        self._dedupe = Dedupe(self._memory, self.counts) if choice.dedupe else None
        self._early: list[Stage] = []
        if choice.format != "plain":
            self._early.append(Formatted(choice, self._memory, self.counts))
        if choice.grep or choice.exclude:
            self._early.append(Grep(choice.grep, choice.exclude, self.counts))
        self._late: list[Stage] = []
        if choice.sample > 1:
            self._late.append(Sample(choice.sample, self._memory, self.counts))
        if choice.timestamp:
            self._late.append(stamp(choice.timestamp, time.strftime))
        self._since: float | None = None  # when the repeats began that nobody was told of

    def cutter(self) -> Cutter | RecordCutter:
        """What cuts the bytes for it."""
        cutter = RecordCutter(self._delimiter) if self._delimiter else Cutter()
        cutter.long = self._memory.long
        return cutter

    def __call__(self, lines: list[str]) -> list[str]:
        """What becomes of these lines."""
        count = len(lines)
        for stage in self._early:
            lines = stage(lines)
        self._memory.lines += count
        return self._on(self._dedupe(lines) if self._dedupe else lines)

    def wait(self, now: float) -> float | None:
        """Seconds until repeats have to be told of; None: there are none."""
        if not self._dedupe or not self._memory.repeats:
            self._since = None
            return None
        self._since = now if self._since is None else self._since
        return max(0.0, self._since + PATIENCE - now)

    def told(self) -> list[str]:
        """What says how often the newest line was repeated."""
        return self._on(self._dedupe.told()) if self._dedupe else []

    def remember(self, cutter: Cutter | RecordCutter) -> Memory:
        """All that has to be kept to go on from here."""
        self._memory.long = cutter.long
        if self._dedupe:
            self._dedupe.remember()
        return self._memory

    @property
    def headless(self) -> bool:
        """Whether the next record names the columns."""
        return self._header and self._memory.columns is None

    def begin(self) -> None:
        """Another file begins, with a header of its own."""
        if self._header:
            self._memory.columns = None

    def _on(self, lines: list[str]) -> list[str]:
        """From the repeats on."""
        for stage in self._late:
            lines = stage(lines)
        return fit(lines) if self._early or self._late else lines
