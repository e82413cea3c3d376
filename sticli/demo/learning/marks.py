"""What a number of a feed is beside the earlier ones of its name: less, equal or greater.

While the model trains, probes that look into its layers are asked this of the numbers that lines
tell, and of their digits: so it learns to compare, of which few questions tell it.
"""

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sticli.demo.learning import vocabulary
from sticli.demo.world.series import Told

RELATIONS = ("first", "previous", "top", "bottom")  # to what a number is compared
LESS, EQUAL, GREATER, UNKNOWN = 0, 1, 2, -1

Compared = tuple[int, int, int, int]  # how it is to each of RELATIONS
NOTHING: Compared = (UNKNOWN,) * 4
_TURNED = {LESS: GREATER, EQUAL: EQUAL, GREATER: LESS, UNKNOWN: UNKNOWN}


@dataclass(frozen=True, slots=True)
class Mark:
    """What the digit at token `at` says of how its number is to others that begin like it; or, of
    a `whole` number, how that is to them, to be known by token `at`.
    """

    at: int
    compared: Compared
    whole: bool = False

    def moved(self, tokens: int) -> "Mark":
        """The same so many tokens on."""
        return replace(self, at=self.at + tokens)


Begin = tuple[int, str]  # of a number: characters before its point in all, and its first ones


@dataclass(slots=True)
class Numbers:
    """The numbers of one name, as texts; `reach` has the least and the greatest digit that ever
    followed each beginning.
    """

    first: str
    previous: str = ""
    reach: dict[Begin, tuple[str, str]] = field(default_factory=dict)
    bottom: Decimal = Decimal("inf")
    top: Decimal = Decimal("-inf")

    def __post_init__(self) -> None:
        self.add(self.first)

    def add(self, text: str) -> None:
        """One more."""
        for at, digit in enumerate(text):
            if digit.isdigit():
                least, greatest = self.reach.get(_begin(text, at), (digit, digit))
                self.reach[_begin(text, at)] = min(least, digit), max(greatest, digit)
        value = Decimal(text)
        self.previous, self.bottom, self.top = text, min(self.bottom, value), max(self.top, value)

    def digit(self, text: str, at: int) -> Compared:
        """What a digit of a number says of how it is to those that begin like it; the first that
        says less or greater is right about the whole.
        """
        digit, begin = text[at], _begin(text, at)
        least, greatest = self.reach.get(begin, ("", ""))
        others = (_next(self.first, begin), _next(self.previous, begin), greatest, least)
        found = [_compare(digit, one) if one else UNKNOWN for one in others]
        if text.startswith("-"):  # where the greater digit makes the number less
            first, previous, bottom, top = (_TURNED[one] for one in found)
        else:
            first, previous, top, bottom = found
        return first, previous, top, bottom

    def whole(self, text: str) -> Compared:
        """How a number is to them."""
        value = Decimal(text)
        first, previous = Decimal(self.first), Decimal(self.previous)
        return (
            _compare(value, first), _compare(value, previous),
            _compare(value, self.top), _compare(value, self.bottom),
        )  # fmt: skip


class Heard:
    """All numbers that a feed has told."""

    def __init__(self) -> None:
        self._names: dict[str, Numbers] = {}

    def line(self, line: str, ids: list[int], told: Told) -> list[Mark]:
        """The marks of a line that has told a number; `at` counts from its first token."""
        numbers = self._names.get(told.name)
        if numbers is None:
            self._names[told.name] = Numbers(told.text)
            return []
        marks = self.text(line, ids, told)
        marks.append(Mark(len(ids) - 1, numbers.whole(told.text), whole=True))
        numbers.add(told.text)
        return marks

    def text(self, text: str, ids: list[int], told: Told) -> list[Mark]:
        """Those of the digits of a number in a text, where it stands there once."""
        numbers = self._names.get(told.name)
        found = [*re.finditer(rf"(?<![\d.]){re.escape(told.text)}(?!\d|\.\d)", text)]
        if numbers is None or len(found) != 1:
            return []
        start = len(vocabulary.encode(text[: found[0].start()]))
        if vocabulary.decode(ids[start : start + len(told.text)]) != told.text:
            return []
        marks = [
            Mark(start + at, numbers.digit(told.text, at))
            for at, digit in enumerate(told.text)
            if digit.isdigit()
        ]
        return [mark for mark in marks if mark.compared != NOTHING]


def _begin(text: str, at: int) -> Begin:
    return len(text.partition(".")[0]), text[:at]


def _next(text: str, begin: Begin) -> str:
    """The digit that follows a beginning; nothing where the text does not begin so."""
    at = len(begin[1])
    return text[at] if _begin(text, at) == begin and text[at : at + 1].isdigit() else ""


def _compare(one: str | Decimal, other: str | Decimal) -> int:
    if one == other:
        return EQUAL
    return LESS if Decimal(one) < Decimal(other) else GREATER
