"""How numbers are written: three digits that mean something, never more."""

import math
from collections.abc import Sequence

STEPS = (1, 2, 5)  # of each power of ten, at an axis
FAR = 2000  # times: an axis as long as that has only the powers
LEAST = 1e-2  # at an axis of powers, in the place of nothing


def three(value: float) -> str:
    """0.132, 1.04, 12.3, 123, 12,345"""
    if value == 0:
        return "0"
    size = abs(value)
    for digits, least in ((0, 100), (1, 10), (2, 1)):
        if round(size, digits) >= least:
            return f"{value:,.{digits}f}"
    return f"{value:.3f}" if size >= 0.0995 else f"{value:.2g}"


def milliseconds(seconds: float | None) -> str:
    """Seconds as milliseconds, without the unit."""
    return "–" if seconds is None else three(seconds * 1e3)


def times(value: float | None) -> str:
    """A ratio with two digits after the point, as far as these mean something."""
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else three(value)


def figure(value: float | None, unit: str) -> str:
    """A number and its unit."""
    if value is None:
        return "–"
    if unit in ("×", ""):
        return times(value) if unit or value != int(value) else f"{value:,.0f}"
    return f"{value:,.1f} %" if unit == "%" else f"{three(value)} {unit}"


def percent(share: float) -> str:
    """A share of one; never 100 % of what is not all."""
    text = f"{share * 100:.1f}"
    return "< 100 %" if text == "100.0" and share < 1 else f"{text.removesuffix('.0')} %"


def span(low: float | None, high: float | None) -> str:
    """An interval."""
    return "–" if low is None or high is None else f"{times(low)} to {times(high)}"


def ticks(value: float) -> str:
    """A number at an axis: 0.5, 20, 4k, 4.5k"""
    if value >= 1024 and value % 1024 == 0:
        return f"{value / 1024:.0f}k"
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def round_numbers(values: Sequence[float]) -> list[float]:
    """Round numbers for an axis of powers: the first is below all values, the last above."""
    least, most = max(min(values), LEAST), max(*values, LEAST)
    steps = STEPS if most < FAR * least else STEPS[:1]
    # a logarithm may round to the next power: one more on either side costs nothing
    powers = range(math.floor(math.log10(least)) - 1, math.ceil(math.log10(most)) + 2)
    inner, outer = ([step * 10.0**n for n in powers for step in all] for all in (steps, STEPS))
    below = [one for one in outer if one <= least][-1:]
    above = [one for one in outer if one >= most][:1]
    return sorted({*below, *(one for one in inner if least < one < most), *above})
