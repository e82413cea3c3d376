"""How fast counters of the worker grew of late."""

from collections import deque
from collections.abc import Iterable, Mapping

WINDOW = 10.0  # seconds that "of late" means
KEPT = 256  # readings, for whoever looks oftener than that

Reading = tuple[float, dict[str, float]]  # seconds since the epoch; what has been counted by then


class Rates:
    """A worker that began anew counts from 0; a clock that was set back begins anew as well."""

    def __init__(self, names: Iterable[str]) -> None:
        self._grown = dict.fromkeys(names, 0.0)  # since the first reading
        self._last: Mapping[str, float] = {}
        self._readings: deque[Reading] = deque(maxlen=KEPT)

    def add(self, at: float, usage: Mapping[str, float]) -> None:
        """What the counters stood at."""
        if self._readings and at < self._readings[-1][0]:
            self._readings.clear()
        if self._readings:
            for name in self._grown:
                self._grown[name] += _growth(self._last.get(name, 0.0), usage.get(name, 0.0))
        self._last = usage
        self._readings.append((at, dict(self._grown)))
        while len(self._readings) > 2 and at - self._readings[1][0] >= WINDOW:
            self._readings.popleft()

    def of(self, name: str) -> float:
        """Its growth a second."""
        if not self._readings:
            return 0.0
        (before, old), (after, new) = self._readings[0], self._readings[-1]
        return (new[name] - old[name]) / (after - before) if after > before else 0.0


def _growth(old: float, new: float) -> float:
    return new - old if new >= old else new
