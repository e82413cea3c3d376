"""What a decision's gap buys: how many answers need no decoding, and how many of those are right.

Pure arithmetic; where the samples come from is replay.py.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from sticli.wilson import wilson

GAPS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One decision beside the truth; `answer` is None where no gap gives one without decoding."""

    lead: float  # logits between the two likeliest choices
    answer: str | None
    truth: str


@dataclass(frozen=True, slots=True)
class Row:
    """The samples that a gap covers, and those of them that are right."""

    gap: float
    of: int
    covered: int
    right: int

    @property
    def coverage(self) -> float:
        return self.covered / self.of if self.of else 0.0

    @property
    def precision(self) -> float | None:
        """The share of right ones; None of none."""
        return self.right / self.covered if self.covered else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the precision."""
        return wilson(self.right, self.covered)

    def facts(self) -> dict[str, float | int | None]:
        """As JSON."""
        low, high = self.interval
        return {
            "gap": self.gap,
            "covered": self.covered,
            "of": self.of,
            "coverage": round(self.coverage, 4),
            "right": self.right,
            "precision": None if self.precision is None else round(self.precision, 4),
            "low": round(low, 4),
            "high": round(high, 4),
        }


class Curve:
    """All samples, ready to be counted at any gap."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        known = sorted((one.lead, one.answer == one.truth) for one in samples if one.answer)
        self._of = len(samples)
        self._leads = [lead for lead, _ in known]
        self._right = [*accumulate((right for _, right in reversed(known)), initial=0)]

    def row(self, gap: float) -> Row:
        """What a gap covers."""
        covered = len(self._leads) - bisect_left(self._leads, gap)
        return Row(gap, self._of, covered, self._right[covered])

    def rows(self, gaps: Iterable[float]) -> list[Row]:
        """A row a gap, in order, up to the first that covers nothing."""
        found = []
        for gap in sorted(set(gaps)):
            found.append(self.row(gap))
            if not found[-1].covered:
                break
        return found

    def least(self, precision: float, *, surely: bool = False) -> Row | None:
        """The smallest gap, of those that leave somebody out, whose precision is at least this.

        With `surely` even the lower end of its interval is. Gaps have two places. None without one.
        """
        finite = (lead for lead in self._leads if 0 < lead < math.inf)
        gaps = {math.floor(lead * 100) / 100 for lead in finite}
        for found in map(self.row, sorted(gaps | {0.0})):
            share = found.interval[0] if surely else found.precision
            if found.covered and share is not None and share >= precision:
                return found
        return None
