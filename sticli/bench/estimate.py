"""Numbers made from samples: quantiles, ratios with their intervals, how far answers agree."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from sticli.bench.report import Sample

DRAWS = 2000  # of a bootstrap
SURE = 0.95  # of an interval
SEED = 1
Values = NDArray[np.float64]

# measure → what it is of a sample, in seconds
MEASURES: Mapping[str, Callable[[Sample], float]] = {
    "first": lambda sample: sample.first,
    "last": lambda sample: sample.last,
    "stall": lambda sample: sample.stall,
    "stale": lambda sample: sample.stale,
}


class Estimate(NamedTuple):
    """A value and its 95 % interval; none where the values are too few to enclose it so surely."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The distribution of one measure."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many answers two engines had in common, of those after the same lines."""

    equal: int
    compared: int

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where nothing could be compared."""
        return self.equal / self.compared if self.compared else None


def quantile(values: Sequence[float], q: float) -> float:
    """The value at place q · (n − 1), counted from 0 in order of size, linear between two.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values: Sequence[float]) -> float:
    """The middle value, or the middle of the two."""
    return quantile(values, 0.5)


def level(values: Sequence[float], q: float = 0.5) -> Estimate:
    """A quantile of values, with the interval that a bootstrap gives."""
    return _estimate(quantile(values, q), _resampled(values, q, np.random.default_rng(SEED)))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """The median of ours / theirs, pair by pair: what weighs on both sides of a pair cancels.

    Raises:
        ValueError: they are no pairs.
    """
    return level([a / b for a, b in zip(ours, theirs, strict=True)])


def shift(ours: Sequence[float], theirs: Sequence[float], q: float = 0.5) -> Estimate:
    """A quantile of ours over the same of theirs, which are no pairs."""
    random = np.random.default_rng(SEED)
    above, below = (_resampled(values, q, random) for values in (ours, theirs))
    found = None if above is None or below is None else above / below
    return _estimate(quantile(ours, q) / quantile(theirs, q), found)


def _resampled(values: Sequence[float], q: float, random: Generator) -> Values | None:
    """The quantile of each of many samples drawn from the values, with replacement.

    Of n uniform numbers the k-th smallest is Beta(k, n − k + 1), and the next one is the least of
    n − k above it: so two numbers are drawn for each sample, not n, whatever the length of a run.
    """
    count = len(values)
    if q**count + (1 - q) ** count > 1 - SURE:  # all may well be above it, or all below
        return None
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    below = math.floor(place := q * (count - 1))
    lower = random.beta(below + 1, count - below, DRAWS)
    found = _picked(ordered, lower)
    if place > below:
        upper = lower + (1 - lower) * random.beta(1, count - below - 1, DRAWS)
        found = found + (_picked(ordered, upper) - found) * (place - below)
    return found


def _picked(ordered: Values, places: Values) -> Values:
    """Values at places between 0 and 1."""
    count = len(ordered)
    chosen: Values = ordered[(places * count).astype(int).clip(max=count - 1)]
    return chosen


def _estimate(value: float, found: Values | None) -> Estimate:
    if found is None:
        return Estimate(value, None, None)
    low, high = np.quantile(found, ((1 - SURE) / 2, (1 + SURE) / 2))
    return Estimate(value, float(low), float(high))


def answered(samples: Iterable[Sample]) -> list[Sample]:
    """Those that have an answer."""
    return [sample for sample in samples if not sample.error]


def paired(
    ours: Sequence[Sample], theirs: Sequence[Sample], measure: str = "first", *, alike: bool = False
) -> tuple[list[float], list[float]]:
    """A measure of both sides of one schedule, where both answered: what `ratio` wants.

    `alike` takes only those where both saw the same lines, so that who misses some is not quicker.
    """
    take = MEASURES[measure]
    pairs = [
        (take(a), take(b))
        for a, b in zip(ours, theirs, strict=True)
        if not a.error and not b.error and (a.lines == b.lines or not alike)
    ]
    return [a for a, _ in pairs], [b for _, b in pairs]


def summary(samples: Iterable[Sample]) -> dict[str, Summary]:
    """The distribution of every measure, over the samples that have an answer; none: empty."""
    kept = answered(samples)
    if not kept:
        return {}
    return {name: distribution([take(one) for one in kept]) for name, take in MEASURES.items()}


def distribution(values: Sequence[float]) -> Summary:
    """The distribution of values."""
    p50, p95, p99 = (quantile(values, q) for q in (0.5, 0.95, 0.99))
    return Summary(len(values), p50, p95, p99, max(values))


def agreement(samples: Sequence[Sample], reference: Sequence[Sample]) -> Agreement:
    """How often both gave one answer, of the questions that both answered after the same lines."""
    both = [
        a.answer == b.answer
        for a, b in zip(samples, reference, strict=True)
        if not a.error and not b.error and a.lines == b.lines
    ]
    return Agreement(sum(both), len(both))
