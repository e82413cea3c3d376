"""What is done once nobody has come for long: one timer a step, which a visit does not move."""

import asyncio
import time
from collections.abc import Callable


class Step:
    """Something to do after so many seconds without a visit, once; a visit makes it due again."""

    def __init__(self, seconds: float, act: Callable[[], bool]) -> None:
        self._seconds = seconds
        self._act = act
        self._last = 0.0  # visit, seconds of the monotonic clock
        self._timer: asyncio.TimerHandle | None = None

    def touch(self) -> None:
        """Somebody came."""
        self._last = time.monotonic()
        if self._timer is None:
            self._wait(self._seconds)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        left = self._last + self._seconds - time.monotonic()
        if left > 0:
            self._wait(left)
        elif not self._act():  # not now: the next look is as far away as this one was
            self._wait(self._seconds)


class Idle:
    """The steps of a daemon that nobody uses."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def after(self, seconds: float, act: Callable[[], bool]) -> None:
        """Call `act` once nobody has come for `seconds`, and again and again until it says that
        it is done; 0: never."""
        if seconds > 0:
            self._steps.append(Step(seconds, act))

    def touch(self) -> None:
        """Somebody came: a line, a question, a change; not a mere look."""
        for step in self._steps:
            step.touch()

    def stop(self) -> None:
        """Do nothing any more."""
        for step in self._steps:
            step.stop()
