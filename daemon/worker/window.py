"""Which lines a context keeps. A pure function of their lengths, so every replay agrees."""

from collections import deque
from dataclasses import dataclass

HIGH = 0.85  # of the room: a window this full is rebased
KEEP = 0.5  # of the room: what the newest lines may fill after that
# A slide computes nothing, so it may wait until all is full, and happen the more often.
SLIDE_HIGH = 1.0
SLIDE_KEEP = 0.75


@dataclass(frozen=True, slots=True)
class Shift:
    """A window that slides on: to the line `start`, once the tokens before `due` are in cells.

    Not sooner and not later, so that what the cells hold depends on the lines alone.
    """

    start: int  # counted from 0 over the whole journal
    due: int


class Window:
    """The newest lines of a feed, counted in tokens.

    A window that would pass `high` of its room moves at once to the newest lines that fill `keep`
    of it at most. Where it starts depends on nothing but the lines since any earlier start, so a
    replay from a remembered start ends in the same place.
    """

    def __init__(
        self, room: int, start: int = 0, *, high: float = HIGH, keep: float = KEEP
    ) -> None:
        self.room = room
        self.start = start  # the first line kept, counted from 0 over the whole journal
        self.tokens = 0
        self._high = high
        self._keep = keep
        self._counts: deque[int] = deque()

    def holds(self, count: int) -> bool:
        """Whether a line of `count` tokens can be kept at all."""
        return count <= self.room * self._keep

    def moves(self, count: int) -> bool:
        """Whether the window would move for one more line of `count` tokens."""
        return self.tokens + count > self.room * self._high

    def add(self, count: int) -> bool:
        """Take the next line; returns whether the window moved. A line that cannot be kept
        counts as empty."""
        count = count if self.holds(count) else 0
        moves = self.moves(count)
        self._counts.append(count)
        self.tokens += count
        if not moves:
            return False
        while self.tokens > self.room * self._keep:
            self.tokens -= self._counts.popleft()
            self.start += 1
        return True


def opened(on_full: str, room: int, start: int) -> Window | None:
    """The window of a session that does `on_full`; None where it keeps all lines, or stops."""
    if on_full == "slide":
        return Window(room, start, high=SLIDE_HIGH, keep=SLIDE_KEEP)
    return Window(room, start) if on_full == "rebase" else None
