"""What is done once nobody has come for long: one timer for each thing, which no visit moves."""

import asyncio
import time
from collections.abc import Callable


class Step:
    """Something to do after so many seconds without a visit, and again after as many more."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self.last = time.monotonic()  # visit, or act
        self._seconds = seconds
        self._act = act
        self._wait(seconds)

    def stop(self) -> None:
        self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        left = self.last + self._seconds - time.monotonic()
        if left <= 0:
            self._act()
            self.last, left = time.monotonic(), self._seconds
        self._wait(left)


class Idle:
    """The steps of a daemon that nobody uses."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Call `act` each time that nobody has come for `seconds`; 0: never."""
        if seconds > 0:
            self._steps.append(Step(seconds, act))

    def touch(self) -> None:
        """Somebody came: a line, a question, a change; not a mere look."""
        now = time.monotonic()
        for step in self._steps:
            step.last = now

    def stop(self) -> None:
        """Do nothing any more."""
        for step in self._steps:
            step.stop()
