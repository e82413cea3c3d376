"""One moving line on stderr, for who sits at a terminal; nothing elsewhere."""

import sys
import time

from sticli.render import clear, colourful, printable

EVERY = 0.2  # seconds between two drawings


class Meter:
    """`every` is the seconds between drawings; None: there is no terminal, or it is not wanted."""

    def __init__(self, *, wanted: bool) -> None:
        self.every = EVERY if wanted and colourful(sys.stderr) else None
        self._next = 0.0
        self._drawn = False

    def draw(self, text: str) -> None:
        """Draw the line again, at most every `every` seconds."""
        now = time.monotonic()
        if self.every is None or now < self._next:
            return
        self._next, self._drawn = now + self.every, True
        try:
            clear()
            sys.stderr.write(printable(text))
            sys.stderr.flush()
        except OSError:  # the terminal has gone, and what is at work goes on
            self.every = None

    def end(self) -> None:
        """Leave the line to what follows, if anything stands there."""
        if self._drawn:
            clear()
        self._drawn = False
