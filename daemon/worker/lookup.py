"""Where pairs of tokens stood before in a text: what followed them may follow again.

A chain of positions for every pair, the newest first; it owns no tokens, and whatever it proposes
is only a guess.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

SHORTEST, LONGEST = 2, 8  # tokens of a match that count
TRIES = 16  # positions of one pair that are looked at


@dataclass(frozen=True, slots=True)
class Match:
    """The last `length` tokens of a text stood before, just ahead of position `after`."""

    length: int
    after: int


NONE = Match(0, 0)


class Lookup:
    """The index of `tokens`, which may grow at their end; about 8 to 12 bytes a token."""

    def __init__(self, tokens: Sequence[int], size: int) -> None:
        """`size`: how long the tokens will become, about."""
        self._tokens = tokens
        self._mask = (1 << max(8, size.bit_length())) - 1
        self._newest = array("i", [-1]) * (self._mask + 1)  # by pair: where it ended last
        self._older = array("i")  # by position: where the pair that ends there ended before

    def of(self, tokens: Sequence[int]) -> bool:
        """Whether these are the tokens that it indexes, and none was taken away."""
        return tokens is self._tokens and len(tokens) >= len(self._older)

    def read(self, most: int) -> None:
        """Index up to `most` tokens that came since the last call."""
        newest, older, mask = self._newest, self._older, self._mask
        begin = len(older)
        fresh = self._tokens[begin : begin + most]
        before = self._tokens[begin - 1] if begin else -1
        for position, token in enumerate(fresh, begin):
            key = _key(before, token) & mask
            older.append(newest[key])
            newest[key] = position
            before = token

    def find(self, text: Sequence[int]) -> Match:
        """The longest match of the end of `text` that a token follows; the newest of equals."""
        if len(text) < SHORTEST:
            return NONE
        best, at = NONE, self._newest[_key(text[-2], text[-1]) & self._mask]
        for _ in range(TRIES):
            if at < 0 or best.length == LONGEST:
                break
            length = self._length(text, at)
            if length > max(best.length, SHORTEST - 1) and at + 1 < len(self._tokens):
                best = Match(length, at + 1)
            at = self._older[at]
        return best

    def _length(self, text: Sequence[int], at: int) -> int:
        """How many tokens up to position `at` are those at the end of `text`."""
        tokens, last, length = self._tokens, len(text) - 1, 0
        most = min(LONGEST, at + 1, last + 1)
        while length < most and tokens[at - length] == text[last - length]:
            length += 1
        return length


def _key(first: int, second: int) -> int:
    """Spreads pairs of small numbers evenly over any power of two."""
    return (first * 0x9E3779B1 + second) * 0x85EBCA6B >> 13
