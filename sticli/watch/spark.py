"""The past of an answer in one short line: numbers as a graph, other answers as marks of change.

Among numbers another answer is a gap.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from sticli.watch.symbols import Symbols, symbols

# one number, maybe with a currency before it and a unit behind it
NUMBER = re.compile(r"\s*[^\w\s.+-]?\s*([+-]?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)[^\d]{0,12}")


def spark(values: Iterable[str], width: int, signs: Symbols | None = None) -> str:
    """The newest `width` of these values, oldest first, one character each."""
    if width <= 0:
        return ""
    shown, signs = [*values], signs or symbols()
    newest = shown[-width:]
    numbers = [number(value) for value in newest]
    if sum(found is not None for found in numbers) > len(newest) / 2:
        return "".join(_graph(numbers, signs))
    return "".join(_marks(shown[: -len(newest)], newest, signs))


def number(text: str) -> float | None:
    """The one number that an answer is; None: it is something else."""
    found = NUMBER.fullmatch(text)
    value = float(found[1].replace(",", "")) if found else math.inf
    return value if math.isfinite(value) else None


def _graph(numbers: Sequence[float | None], signs: Symbols) -> Iterator[str]:
    """Lowest and highest of them fill the height; a number that stays is in the middle."""
    known = [found for found in numbers if found is not None]
    low, high, top = min(known), max(known), len(signs.steps) - 1
    for one in numbers:
        if one is None:
            yield signs.other
        else:
            yield signs.steps[round(top * _share(one, low, high)) if high > low else top // 2 + 1]


def _share(one: float, low: float, high: float) -> float:
    """Where it lies between the two, from 0 to 1; halved, for their distance may be too far."""
    return (one / 2 - low / 2) / (high / 2 - low / 2)


def _marks(before: list[str], values: list[str], signs: Symbols) -> Iterator[str]:
    seen = set(before)
    for value in values:
        yield signs.again if value in seen else signs.novel
        seen.add(value)
