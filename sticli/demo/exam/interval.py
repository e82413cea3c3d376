"""How sure a share is where questions share feeds: Wilson's interval, of fewer questions.

Answers on one feed resemble each other, so that many of them tell less than as many apart: the
number of questions is divided by the design effect, the variance between feeds over that of
independent answers. Where nearly all answers are alike, too little of the variance is seen, and
each feed counts once at most.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from sticli.wilson import Z, wilson

FEW = 5  # answers that are not as the others: fewer show no variance


@dataclass(frozen=True, slots=True)
class Share:
    """So many right of so many; `low` to `high` is the 95 % interval."""

    right: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself; 0 of none."""
        return self.right / self.of if self.of else 0.0


def share(hits: Iterable[tuple[Hashable, bool]]) -> Share:
    """The share of hits, each beside the feed that it belongs to."""
    feeds = defaultdict[Hashable, list[bool]](list)
    for feed, hit in hits:
        feeds[feed].append(hit)
    groups = [(sum(one), len(one)) for one in feeds.values()]
    right, of = (sum(column) for column in zip(*groups, strict=True)) if groups else (0, 0)
    kept = _worth(groups, right, of) / of if of else 0.0
    low, high = wilson(right * kept, of * kept)
    return Share(right, of, low, high)


def _worth(groups: Sequence[tuple[int, int]], right: int, of: int) -> float:
    """How many independent answers would tell as much."""
    if right in (0, of) or len(groups) == 1:
        return len(groups)
    alone = right / of * (1 - right / of) / of
    worth = of / max(1.0, _variance(groups) / alone)
    return worth if min(right, of - right) >= FEW else min(worth, len(groups))


def _variance(groups: Sequence[tuple[float, int]]) -> float:
    """Of the mean over all questions, from sums and sizes by feed."""
    of = sum(size for _, size in groups)
    mean = sum(part for part, _ in groups) / of
    apart = (part - mean * size for part, size in groups)
    squares = sum(one * one for one in apart)
    return len(groups) / (len(groups) - 1) * squares / (of * of)


def difference(pairs: Iterable[tuple[Hashable, bool, bool]]) -> tuple[float, float]:
    """How many more of the first are right, as a share, and half the width of its 95 % interval.

    Fewer than FEW that differ show no variance: then it is no less than of three feeds in all.
    """
    feeds = defaultdict[Hashable, list[int]](list)
    for feed, one, other in pairs:
        feeds[feed].append(one - other)
    groups = [(float(sum(part)), len(part)) for part in feeds.values()]
    mean = sum(part for part, _ in groups) / sum(size for _, size in groups)
    spread = Z * math.sqrt(_variance(groups)) if len(groups) > 1 else 1.0
    differ = sum(map(abs, (one for part in feeds.values() for one in part)))
    return mean, spread if differ >= FEW else max(spread, min(1.0, 3 / len(groups)))
