"""What a session reads, as tokens: a prefix, then line after line, each with the version it made.

Lines have the numbers of the journal, counted from 0; those before `first` are forgotten.
"""

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence


class Transcript:
    """Lines wait as text until they are put; then their tokens are at the end of `tokens`."""

    def __init__(
        self, prefix: Sequence[int], encode: Callable[[str], list[int]], first: int = 0
    ) -> None:
        self.begin = len(prefix)  # tokens ahead of the lines
        self.first = first
        self.tokens = array("i", prefix)
        self._encode = encode
        self._ends = array("q")  # tokens up to each line's end
        self._waiting: deque[str | None] = deque()
        self._marks = [(first, 0)]  # (lines, version), growing

    @property
    def arrived(self) -> int:
        """Lines of the journal that came."""
        return self.first + len(self._ends) + len(self._waiting)

    @property
    def waits(self) -> bool:
        """Whether lines came that are no tokens yet."""
        return bool(self._waiting)

    def lines(self, length: int) -> int:
        """Lines of the journal that are whole in the first `length` tokens, or forgotten."""
        return self.first + bisect_right(self._ends, length)

    def version(self, lines: int) -> int:
        """The newest version that the first `lines` lines of the journal make."""
        return self._marks[bisect_right(self._marks, lines, key=_lines) - 1][1]

    def until(self, lines: int) -> int:
        """Tokens up to the end of the journal's first `lines` lines, or of the prefix."""
        before = lines - self.first
        return self._ends[before - 1] if before else self.begin

    def add(self, first: int, version: int, texts: Sequence[str | None]) -> int:
        """Let lines `first`… wait, of which None are empty; what came before is skipped.

        Returns the number of lines taken; 0 as well after a gap.
        """
        known = self.arrived - first
        if known < 0 or known >= len(texts):
            return 0
        self._waiting.extend(texts[known:])
        self._marks.append((first + len(texts), version))
        return len(texts) - known

    def peek(self) -> tuple[Sequence[int], int]:
        """The tokens of the first line that waits, by itself, and how many characters it has."""
        text = self._waiting[0]
        return ((), 0) if text is None else (self._encode(text + "\n"), len(text))

    def put(self, line: Sequence[int]) -> None:
        """End the wait of the first line, as these tokens."""
        self._waiting.popleft()
        self.tokens.extend(line)
        self._ends.append(len(self.tokens))

    def refuse(self) -> None:
        """Forget the lines that wait."""
        self._waiting.clear()

    def forget(self, first: int) -> None:
        """Go on with the prefix and the lines from `first` on."""
        offset = self.until(first)
        gone = offset - self.begin
        self._ends = array("q", [end - gone for end in self._ends[first - self.first :]])
        self.tokens = self.tokens[: self.begin] + self.tokens[offset:]
        self._marks = self._marks[max(0, bisect_right(self._marks, first, key=_lines) - 1) :]
        self.first = first


def _lines(mark: tuple[int, int]) -> int:
    return mark[0]
