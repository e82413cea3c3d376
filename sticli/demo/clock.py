"""The wall clock of a simulated feed: it starts at a random time of day and only moves forward."""

import random


class Clock:
    """Ticks of 0 to 9 simulated seconds, printed as HH:MM:SS."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._seconds = rng.randrange(24 * 3600)

    def tick(self) -> str:
        """Advances and returns the new time of day."""
        self._seconds = (self._seconds + self._rng.randrange(10)) % (24 * 3600)
        minutes, seconds = divmod(self._seconds, 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
