"""The numbers of one name as a feed told them, and what follows from them; exact to the digit."""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Told:
    """The number that a line tells of a name, as it stands there."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What one line tells, in units of the last decimal; a plain value is four times the same."""

    open: int
    high: int
    low: int
    close: int


@dataclass(slots=True)
class Series:
    """All values of a name; texts are as the lines have them. Ask only of one that has a value."""

    decimals: int
    bars: list[Bar] = field(default_factory=list)
    top: int = 0
    bottom: int = 0

    def add(self, bar: Bar) -> None:
        self.top = max(self.top, bar.high) if self.bars else bar.high
        self.bottom = min(self.bottom, bar.low) if self.bars else bar.low
        self.bars.append(bar)

    def text(self, number: int) -> str:
        """A number as a line prints it."""
        return printed(number, self.decimals)

    @property
    def first(self) -> int:
        return self.bars[0].open

    @property
    def last(self) -> int:
        return self.bars[-1].close

    @property
    def trend(self) -> str:
        if self.last == self.first:
            return "flat"
        return "up" if self.last > self.first else "down"

    @property
    def moved(self) -> Fraction:
        """How far it is from its first value, as a share of it; 0 where that is 0."""
        return Fraction(abs(self.last - self.first), abs(self.first)) if self.first else Fraction()

    def high(self, k: int) -> int:
        """The highest of the last `k`."""
        return max(bar.high for bar in self.bars[-k:])

    def low(self, k: int) -> int:
        """The lowest of the last `k`."""
        return min(bar.low for bar in self.bars[-k:])

    def been_above(self, threshold: str) -> bool:
        return self.top > Decimal(threshold).scaleb(self.decimals)


def printed(number: int, decimals: int) -> str:
    """Such a number in decimal notation."""
    return f"{number / 10**decimals:.{decimals}f}"
