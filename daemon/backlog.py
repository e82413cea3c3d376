"""How much text a session's journal holds up to a line, since when, and about how many tokens.

Knows sizes only, at marks: what lies between two of them is shared out evenly by lines.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

PRIOR = 0.5  # tokens a character, until the worker has read some
TRUST = 2_000  # characters that the prior weighs
MEMORY = 256 << 10  # characters after which what was learned counts half
GRAIN, SECONDS = 4 << 10, 1.0  # characters, or seconds, that one mark may stand for
MARKS = 512  # marks kept; the memory of a session does not grow with its journal

Mark = tuple[int, int, float]  # (line, characters up to it, when the newest of them came)


class Backlog:
    """The sizes of a session's lines from some line on, newlines included."""

    def __init__(self, first: int) -> None:
        self._marks: list[Mark] = [(first, 0, 0.0)]
        self._tokens, self._read = PRIOR * TRUST, float(TRUST)

    @property
    def ratio(self) -> float:
        """Tokens a character, as the model has found them lately."""
        return self._tokens / self._read

    def grow(self, end: int, characters: int, at: float) -> None:
        """Lines up to `end` came, of so many characters together."""
        _, total, _ = self._marks[-1]
        if len(self._marks) > 1:
            _, before, began = self._marks[-2]
            if total + characters - before <= GRAIN and at - began <= SECONDS:
                self._marks.pop()
        self._marks.append((end, total + characters, at))
        if len(self._marks) > MARKS:
            self._marks = [*self._marks[:-1:2], self._marks[-1]]

    def forget(self, line: int) -> None:
        """Nobody will ask for anything before `line`."""
        place = bisect_right(self._marks, line, key=_line) - 1
        if place > 0:
            del self._marks[:place]

    def skip(self, first: int, end: int) -> None:
        """Lines `first`…`end` are not read: they weigh nothing."""
        low, high = self.characters(first), self.characters(end)
        left = bisect_left(self._marks, first, key=_line)
        right = bisect_right(self._marks, end, key=_line)
        at = self._marks[min(right, len(self._marks) - 1)][2]
        kept = self._marks[:left]
        if not kept or kept[-1][1] != low:
            kept.append((first, low, at))
        later = ((line, total - (high - low), when) for line, total, when in self._marks[right:])
        self._marks = [*kept, (end, low, at), *later]

    def characters(self, line: int) -> int:
        """Characters before `line`, from the first mark on."""
        place = bisect_left(self._marks, line, key=_line)
        if place == 0:
            return self._marks[0][1]
        if place == len(self._marks):
            return self._marks[-1][1]
        return int(_between(line, self._marks[place - 1][:2], self._marks[place][:2]))

    def line(self, characters: int) -> int:
        """The first line that has so many characters before it."""
        place = bisect_left(self._marks, characters, key=_characters)
        if place == 0:
            return self._marks[0][0]
        if place == len(self._marks):
            return self._marks[-1][0]
        low, high = self._marks[place - 1], self._marks[place]
        return math.ceil(_between(characters, (low[1], low[0]), (high[1], high[0])))

    def tokens(self, first: int) -> int:
        """About how many tokens the lines from `first` on are."""
        return math.ceil((self._marks[-1][1] - self.characters(first)) * self.ratio)

    def since(self, line: int) -> float | None:
        """When the lines from `line` on began to come; None: there are none."""
        place = bisect_right(self._marks, line, key=_line)
        return self._marks[place][2] if place < len(self._marks) else None

    def learn(self, first: int, end: int, tokens: int) -> None:
        """Lines `first`…`end` were so many tokens."""
        characters = self.characters(end) - self.characters(first)
        if characters <= 0 or tokens < 0:
            return
        if self._read > MEMORY:
            self._tokens, self._read = self._tokens / 2, self._read / 2
        self._tokens, self._read = self._tokens + tokens, self._read + characters


def measure(first: int, sizes: Iterable[tuple[int, int, float]]) -> Backlog:
    """A backlog from line `first` on of batches (end, characters, when it came)."""
    backlog = Backlog(first)
    for end, characters, at in sizes:
        backlog.grow(end, characters, at)
    return backlog


def _between(x: float, low: tuple[int, int], high: tuple[int, int]) -> float:
    """The straight line through two points, at `x`."""
    return low[1] + (high[1] - low[1]) * (x - low[0]) / (high[0] - low[0])


def _line(mark: Mark) -> int:
    return mark[0]


def _characters(mark: Mark) -> int:
    return mark[1]
