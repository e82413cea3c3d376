"""The next window of a session in the making: the prefix, then the newest lines.

It fills a sequence of its own while the session goes on with the old one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sticli.daemon.engines.base import Seq

if TYPE_CHECKING:
    from sticli.daemon.worker.sessions import Session


@dataclass(slots=True, eq=False)
class Successor:
    """The tokens that the session keeps: its prefix, and those of the lines from `start` on."""

    session: "Session"
    start: int  # the first line kept, counted from 0 over the whole journal
    seq: Seq | None = None  # None: not begun, so a later window may still take its place
    length: int = 0
    source: Literal["upkeep"] = "upkeep"

    @property
    def begun(self) -> bool:
        return self.seq is not None

    @property
    def done(self) -> bool:
        """Whether it holds all that the session has tokenised."""
        return self.begun and self.length == self._prefix + self._kept

    @property
    def offset(self) -> int:
        """Where its first line begins among the session's tokens."""
        return self.session.transcript.until(self.start)

    @property
    def _prefix(self) -> int:
        return self.session.transcript.begin

    @property
    def _kept(self) -> int:
        return len(self.session.tokens) - self.offset

    def waiting(self, most: int) -> int:
        """Tokens that can be computed now, at most `most`: first the prefix, then the lines."""
        left = self._prefix - self.length
        return min(most, left if left > 0 else left + self._kept)

    def take(self, count: int) -> Sequence[int]:
        """The next `count` of them."""
        if self.length < self._prefix:
            return self.session.frame.prefix[self.length : self.length + count]
        begin = self.offset + self.length - self._prefix
        return self.session.tokens[begin : begin + count]

    def wants(self, count: int) -> Literal["none"]:
        return "none"
