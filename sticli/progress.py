"""The one moving line of `append` on a terminal."""

import sys
import time

from sticli.protocol import Session
from sticli.render import clear, colourful, plural
from sticli.sender import Sender
from sticli.spool import Spool

EVERY = 0.2  # seconds


class Progress:
    """Shows what is stored and what waits; nothing where stderr is no terminal
    or stdin is one, for there somebody types."""

    def __init__(self, sender: Sender, spool: Spool, *, quiet: bool) -> None:
        seen = colourful(sys.stderr) and not quiet and not (sys.stdin and sys.stdin.isatty())
        self.every = EVERY if seen else None
        self._sender = sender
        self._spool = spool
        self._next = 0.0

    def show(self) -> None:
        """What is stored and what is not yet."""
        self._draw(f"{plural(self._sender.lines, 'line')} stored, {self._spool.count:,} to send")

    def reading(self, session: Session) -> None:
        """What is stored and still to be read by the model."""
        self._draw(
            f"{session.settled_lines:,} of {plural(session.lines, 'line')} read by the model"
        )

    def _draw(self, text: str) -> None:
        """Draw the line again, at most every `every` seconds."""
        now = time.monotonic()
        if self.every is None or now < self._next:
            return
        self._next = now + self.every
        clear()
        sys.stderr.write(text)
        sys.stderr.flush()
