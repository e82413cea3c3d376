"""A bounded window of the newest measurements, and where most of them lie."""

from collections import deque

KEPT = 512


class Recent:
    """Count, sum and longest of all; quantiles of the newest."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.longest = 0.0
        self._newest: deque[float] = deque(maxlen=KEPT)

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.longest = max(self.longest, value)
        self._newest.append(value)

    def report(self) -> dict[str, float]:
        """`count`, `sum` and `max` of all, `p50` and `p99` of the newest; zeros for none."""
        found = sorted(self._newest) or [0.0]
        quantiles = {f"p{q}": found[min(len(found) - 1, len(found) * q // 100)] for q in (50, 99)}
        return {"count": self.count, "sum": self.total, "max": self.longest} | quantiles
