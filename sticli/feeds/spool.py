"""The lines that were read and not yet acknowledged: bounded, between a reader and a sender."""

import sys
from collections import deque
from threading import Condition
from typing import NamedTuple

LIMIT = 64 << 20  # bytes of lines; a full spool makes the reader wait, and so its producer
BATCH = 512 << 10  # bytes of lines of one request, unless one piece is larger


class Piece(NamedTuple):
    """Lines in order, the bytes that they were read from, and where their feed goes on."""

    lines: list[str]
    size: int
    position: str = ""


class Spool:
    """A queue of pieces; `size` is in bytes, `count` in lines."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.size = 0
        self.count = 0
        self.closed = False
        self._limit = limit
        self._pieces: deque[Piece] = deque()
        self._changed = Condition()

    def put(self, lines: list[str], size: int, position: str = "") -> None:
        """Add a piece; waits while the spool is full and open."""
        with self._changed:
            while self.size >= self._limit and not self.closed:
                self._changed.wait()
            self._pieces.append(Piece(lines, size, position))
            self.size += size
            self.count += len(lines)
            self._changed.notify_all()

    def take(self) -> Piece | None:
        """The next pieces in order, joined to a good batch; None at the end.

        Their lines still count until `done` says that they are safe.
        """
        with self._changed:
            while not self._pieces and not self.closed:
                self._changed.wait()
            if not self._pieces:
                return None
            lines, size, position = self._pieces.popleft()
            while self._pieces and size + self._pieces[0].size <= BATCH:
                more, bytes_, position = self._pieces.popleft()
                lines = lines + more
                size += bytes_
            return Piece(lines, size, position)

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
