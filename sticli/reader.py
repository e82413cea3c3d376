"""Reads a file descriptor as it fills and puts its lines into a spool, by size or by time."""

import os
import select
import time
from collections.abc import Callable

from sticli.cutter import Cutter
from sticli.spool import Spool

CHUNK = 64 << 10  # bytes of one read, and of lines that need not wait for more
FLUSH = 0.05  # seconds that a line may wait for company


class Reader:
    """Never buffers behind the caller's back: what `select` sees is all there is."""

    def __init__(self, source: int, cutter: Cutter, spool: Spool) -> None:
        self._source = source
        self._cutter = cutter
        self._spool = spool
        self._lines: list[str] = []
        self._size = 0
        self._since = 0.0

    def run(self, wake: int, tick: Callable[[], None], every: float | None) -> None:
        """Read to the end, or until `wake` becomes readable; `tick` is called now and then."""
        while self._step(wake, every):
            tick()

    def take(self, data: bytes) -> None:
        """Bytes from elsewhere, as if they had been read."""
        self._add(self._cutter.feed(data), len(data))

    def finish(self) -> None:
        """Put what was read, and the last line even without a newline, into the spool."""
        self._add(self._cutter.end(), 0)
        self._flush()

    def _step(self, wake: int, every: float | None) -> bool:
        ready, _, _ = select.select([self._source, wake], [], [], self._patience(every))
        if wake in ready:
            return False
        if self._source in ready:
            data = os.read(self._source, CHUNK)
            if not data:
                return False
            self.take(data)
        if self._lines and (self._size >= CHUNK or time.monotonic() - self._since >= FLUSH):
            self._flush()
        return True

    def _patience(self, every: float | None) -> float | None:
        """Seconds until a line has waited long enough; None: as long as it takes."""
        if not self._lines:
            return every
        return max(0.0, self._since + FLUSH - time.monotonic())

    def _add(self, lines: list[str], size: int) -> None:
        if lines and not self._lines:
            self._since = time.monotonic()
        self._lines += lines
        self._size += size

    def _flush(self) -> None:
        lines, size = self._lines, self._size
        self._lines, self._size = [], 0
        if lines:
            self._spool.put(lines, size)
