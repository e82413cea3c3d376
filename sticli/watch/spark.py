"""The past of an answer in one short line: numbers as a graph, other answers as marks of change."""

import re
from collections.abc import Iterable

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
    known = [found for found in numbers if found is not None]
    if newest and len(known) == len(newest):
        return _graph(known, signs.steps)
    return "".join(_marks(shown[: -len(newest)], newest, signs))


def number(text: str) -> float | None:
    """The one number that an answer is; None: it is something else."""
    found = NUMBER.fullmatch(text)
    return float(found[1].replace(",", "")) if found else None


def _graph(numbers: list[float], steps: str) -> str:
    """Lowest and highest of them fill the height; a number that stays is in the middle."""
    low, high = min(numbers), max(numbers)
    if not high > low:
        return steps[len(steps) // 2] * len(numbers)
    top = len(steps) - 1
    return "".join(steps[round(top * _share(one, low, high))] for one in numbers)


def _share(one: float, low: float, high: float) -> float:
    """Where it lies between the two, from 0 to 1; halved, for their distance may be too far."""
    return (one / 2 - low / 2) / (high / 2 - low / 2)


def _marks(before: list[str], values: list[str], signs: Symbols) -> Iterable[str]:
    seen = set(before)
    for value in values:
        yield signs.again if value in seen else signs.novel
        seen.add(value)
