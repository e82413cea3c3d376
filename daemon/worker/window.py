"""Which lines a context keeps. A pure function of their lengths, so every replay agrees."""

from collections import deque

HIGH = 0.85  # of the room: a window this full moves
KEEP = 0.5  # of the room: what the newest lines may fill after a move


class Window:
    """The newest lines of a feed, counted in tokens.

    A window that would pass HIGH of its room moves at once to the newest lines that fill KEEP of
    it at most. Where it starts depends on nothing but the lines since any earlier start, so a
    replay from a remembered start ends in the same place.
    """

    def __init__(self, room: int, start: int = 0) -> None:
        self.room = room
        self.start = start  # the first line kept, counted from 0 over the whole journal
        self.tokens = 0
        self._counts: deque[int] = deque()

    def holds(self, count: int) -> bool:
        """Whether a line of `count` tokens can be kept at all."""
        return count <= self.room * KEEP

    def moves(self, count: int) -> bool:
        """Whether the window would move for one more line of `count` tokens."""
        return self.tokens + count > self.room * HIGH

    def add(self, count: int) -> bool:
        """Take the next line; returns whether the window moved. A line that cannot be kept
        counts as empty."""
        count = count if self.holds(count) else 0
        moves = self.moves(count)
        self._counts.append(count)
        self.tokens += count
        if not moves:
            return False
        while self.tokens > self.room * KEEP:
            self.tokens -= self._counts.popleft()
            self.start += 1
        return True
