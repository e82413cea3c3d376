"""The lines that were read and not yet acknowledged: bounded, between a reader and a sender."""

import sys
from collections import deque
from threading import Condition

LIMIT = 64 << 20  # bytes of lines; a full spool makes the reader wait, and so its producer
BATCH = 512 << 10  # bytes of lines of one request, unless one piece is larger


class Spool:
    """A queue of pieces; `size` is in bytes, `count` in lines."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.size = 0
        self.count = 0
        self.closed = False
        self._limit = limit
        self._pieces: deque[tuple[list[str], int]] = deque()
        self._changed = Condition()

    def put(self, lines: list[str], size: int) -> None:
        """Add a piece; waits while the spool is full and open."""
        with self._changed:
            while self.size >= self._limit and not self.closed:
                self._changed.wait()
            self._pieces.append((lines, size))
            self.size += size
            self.count += len(lines)
            self._changed.notify_all()

    def take(self) -> tuple[list[str], int]:
        """The next lines in order and their size, joined to a good batch; none at the end.

        They still count until `done` says that they are safe.
        """
        with self._changed:
            while not self._pieces and not self.closed:
                self._changed.wait()
            lines: list[str] = []
            size = 0
            while self._pieces and (not lines or size + self._pieces[0][1] <= BATCH):
                more, bytes_ = self._pieces.popleft()
                lines = lines + more if lines else more
                size += bytes_
            return lines, size

    def done(self, count: int, size: int) -> None:
        """Lines that `take` gave are safe."""
        with self._changed:
            self.size -= size
            self.count -= count
            self._changed.notify_all()

    def lift(self) -> None:
        """Take whatever still comes: `put` waits no more."""
        with self._changed:
            self._limit = sys.maxsize
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more comes, or nothing more can be sent."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
