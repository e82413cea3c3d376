"""The wall clock of a simulated feed: when lines come, and how their time is printed."""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

DAY = 24 * 3600
Print = Callable[[int], str]  # of milliseconds since 1970
FIRST, LAST = 1_672_531_200, 1_893_456_000  # of the years 2023 to 2029, in seconds


def _day(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000 % DAY, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def dated(form: str) -> Print:
    """Prints milliseconds since 1970 as `strftime` does."""
    return lambda ms: datetime.fromtimestamp(ms // 1000, UTC).strftime(form)


STYLES: Mapping[str, Print] = {
    "day": _day,
    "fine": lambda ms: f"{_day(ms)}.{ms % 1000:03}",
    "iso": dated("%Y-%m-%dT%H:%M:%SZ"),
    "epoch": lambda ms: str(ms // 1000),
    "syslog": dated("%b %d %H:%M:%S"),
    "sql": dated("%Y-%m-%d %H:%M:%S"),
    "german": dated("%d.%m.%Y %H:%M:%S"),
    "slashed": dated("%Y/%m/%d %H:%M"),
    "noon": dated("%I:%M:%S %p"),
    "offset": dated("%Y-%m-%dT%H:%M:%S+00:00"),
    "compact": dated("%Y%m%d-%H%M%S"),
    "comma": lambda ms: f"{_day(ms)},{ms % 1000:03}",
    "stamp": lambda ms: f"{ms // 1000}.{ms % 1000:03}",
    "nanos": lambda ms: f"{ms}000000",
    "rfc": dated("%d %b %Y %H:%M:%S"),
    "american": dated("%m/%d/%Y %I:%M %p"),
    "digits": dated("%Y%m%d%H%M%S"),
    "logged": dated("%b/%d/%Y:%H:%M:%S"),
}
KEPT_STYLES: Mapping[str, Print] = {
    "minute": lambda ms: _day(ms)[:5],
    "apache": dated("%d/%b/%Y:%H:%M:%S +0000"),
    "epoch_ms": str,
}


def style(name: str) -> Print:
    """The listed or kept way to print times that has this name."""
    return {**STYLES, **KEPT_STYLES}[name]


class Clock:
    """Ticks of 0 to 9 simulated seconds, printed as HH:MM:SS if nothing else is said.

    A lively one has bursts, gaps and times out of order, at a pace of its own.
    """

    def __init__(self, rng: random.Random, printed: Print = _day, *, lively: bool = False) -> None:
        self._rng, self._print = rng, printed
        self._ms = rng.randrange(FIRST, LAST) * 1000
        self._lively = lively
        self._pace = rng.choice((1500, 5000, 10_000, 60_000)) if lively else 10_000
        self._burst = rng.choice((0.0, 0.1, 0.4)) if lively else 0.0
        self._late = rng.choice((0.0, 0.0, 0.03)) if lively else 0.0

    def tick(self) -> str:
        """Advances and returns the new time."""
        if not self._lively:
            self._ms += self._rng.randrange(10) * 1000
            return self._print(self._ms)
        choice = self._rng.random()
        if choice < self._late:
            return self._print(self._ms - self._rng.randrange(1000, 30_000))
        if choice > self._late + self._burst:
            longest = 7_200_000 if choice > 0.99 else self._pace
            self._ms += self._rng.randrange(longest)
        return self._print(self._ms)
