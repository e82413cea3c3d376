"""From bytes to the pieces of a spool: cut, piped, gathered by size or by time."""

import re
import time
from collections.abc import Callable

from sticli.errors import SticliError
from sticli.feeds.cutter import Cutter
from sticli.feeds.memory import Memory
from sticli.feeds.pipeline import Pipeline
from sticli.feeds.records import RecordCutter
from sticli.feeds.spool import Spool

CHUNK = 64 << 10  # bytes of one read, and of lines that need not wait for more
PART = 4 << 10  # bytes whose lines go through the pipeline at once
FLUSH = 0.05  # seconds that a line may wait for company
QUIET = 1.0  # seconds that a position may wait for a line
LINE = re.compile(rb"[^\n]*\n|[^\n]+")

Where = Callable[[int, Memory], str]  # bytes held back, what is to be kept → the position


def nowhere(held: int, memory: Memory) -> str:
    """The position of a pipe."""
    return ""


class Intake:
    """What a source reads goes in here; `where` says where the source goes on after it.

    `refusal` is why a line was refused, or the source: nothing after that is taken.
    """

    def __init__(self, pipeline: Pipeline, spool: Spool, where: Where = nowhere) -> None:
        self.cutter: Cutter | RecordCutter = pipeline.cutter()
        self.pipeline = pipeline
        self.refusal: SticliError | None = None
        self._spool = spool
        self._where = where
        self._lines: list[str] = []
        self._size = 0
        self._since = 0.0  # when the first of what is gathered came
        self._refused = 0  # bytes that were read and not taken

    @property
    def held(self) -> int:
        """Bytes that were read and are in no line yet."""
        return self.cutter.held + self._refused

    def take(self, data: bytes) -> None:
        """Bytes that were read."""
        if not self.pipeline.strict:
            return self._take(data)
        left = len(data)
        for line in LINE.findall(data):  # one by one: the place of a refused one matters
            held = self.cutter.held
            try:
                self._through(self.cutter.feed(line), len(line))
            except SticliError as error:
                self.refusal, self._refused = error, left + held - self.cutter.held
                return
            left -= len(line)
            if self._size >= CHUNK:
                self._refused = left  # until its turn comes
                self.flush()
                self._refused = 0

    def _take(self, data: bytes) -> None:
        """Part by part: what the pipeline makes of it may be many times as much."""
        for end in range(PART, len(data) + PART, PART):
            part = data[end - PART : end]
            self._refused = max(0, len(data) - end)  # until its turn comes
            self._through(self.cutter.feed(part), len(part))
            if self._size >= CHUNK:
                self.flush()

    def learn(self, data: bytes) -> None:
        """The first bytes of a file that is read from further on."""
        if data and self.pipeline.headless:
            lines = self.pipeline.cutter().feed(data)
            self.pipeline([line for line in lines if line][:1])

    def end_file(self) -> None:
        """The last line even without a newline, for the next byte is of another file."""
        self._end()
        self.pipeline.begin()

    def finish(self) -> None:
        """All that was held back goes into the spool: the input has ended."""
        self._end()
        self._gather(self.pipeline.told(), 0)
        self.flush()

    def tend(self) -> float | None:
        """Let go what has waited long enough; seconds until there is more to let go, if any."""
        now = time.monotonic()
        if self.pipeline.wait(now) == 0:
            self._gather(self.pipeline.told(), 0)
        if not (self._lines or self._size):
            return self.pipeline.wait(now)
        left = self._since + (FLUSH if self._lines else QUIET) - now
        if left <= 0 or self._size >= CHUNK:
            self.flush()
            return self.pipeline.wait(now)
        waits = (left, self.pipeline.wait(now))
        return min(wait for wait in waits if wait is not None)

    def flush(self) -> None:
        """Put what is gathered, and the position after it, into the spool."""
        lines, size = self._lines, self._size
        self._lines, self._size = [], 0
        position = self._where(self.held, self.pipeline.remember(self.cutter))
        if lines or size or position:
            self._spool.put(lines, size, position)

    def _end(self) -> None:
        held = self.cutter.held
        try:
            self._through(self.cutter.end(), 0)
        except SticliError as error:
            self.refusal, self._refused = error, held

    def _through(self, lines: list[str], size: int) -> None:
        found = self.pipeline(lines)
        grown = sum(map(len, found)) if found is not lines else 0
        self._gather(found, max(size, grown))

    def _gather(self, lines: list[str], size: int) -> None:
        if not (self._lines or self._size):
            self._since = time.monotonic()
        self._lines += lines
        self._size += size
