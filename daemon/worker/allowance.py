"""How much device time the standing questions may use: so many seconds in any minute."""

from collections import deque
from dataclasses import dataclass

MINUTE = 60.0
GRAIN = 1.0  # seconds that are kept as one


@dataclass(slots=True)
class Spent:
    """Device seconds of about one second of the clock."""

    first: float
    last: float
    seconds: float


class Allowance:
    """A sliding minute; what is used may pass `seconds` by the one pass that reached it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._spent: deque[Spent] = deque()
        self._closed: float | None = None  # since when there is nothing left

    def used(self, now: float) -> float:
        """Device seconds of the minute up to `now`."""
        while self._spent and self._spent[0].last + MINUTE <= now:
            self._spent.popleft()
        return sum(item.seconds for item in self._spent)

    def open(self, now: float) -> bool:
        """Whether there is anything left."""
        return self._seconds >= MINUTE or self.used(now) < self._seconds

    def opens(self, now: float) -> float | None:
        """When there is something left; None: never."""
        if self.open(now):
            return now
        used = self.used(now)
        for item in self._spent:
            used -= item.seconds
            if used < self._seconds:
                return item.last + MINUTE
        return None

    def spend(self, seconds: float, now: float) -> None:
        """Count a pass that ended at `now`."""
        if self._seconds >= MINUTE:
            return
        last = self._spent[-1] if self._spent else None
        if last is not None and now - last.first < GRAIN:
            last.last, last.seconds = now, last.seconds + seconds
        else:
            self._spent.append(Spent(now, now, seconds))
        if self._closed is None and not self.open(now):
            self._closed = now

    def deferred(self, due: float, now: float) -> float:
        """Once there is something left again: how long what was due at `due` had to wait."""
        if self._closed is None or not self.open(now):
            return 0.0
        closed, self._closed = self._closed, None
        return max(0.0, now - max(due, closed))
