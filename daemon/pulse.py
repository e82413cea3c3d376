"""Whether a worker that has work does any of it: who says nothing for long is asked, then given up.

A worker without work is left alone: no timer runs while there is none.
"""

import asyncio
from collections.abc import Callable

PATIENCE = 120.0  # seconds without a word from a worker that has work: a pass takes well below one


class Pulse:
    """Watches one worker that is ready. `ask` makes it answer, `give_up` ends it."""

    def __init__(
        self, busy: Callable[[], bool], ask: Callable[[], object], give_up: Callable[[], None]
    ) -> None:
        self._busy = busy
        self._ask = ask
        self._give_up = give_up
        self._heard = 0.0  # when it last spoke, or got work; seconds of the loop's clock
        self._asked = False
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """It was sent something."""
        if self._timer is None:
            self._heard = asyncio.get_running_loop().time()
            self._look_in(PATIENCE / 2)

    def heard(self) -> None:
        """It said something."""
        self._heard, self._asked = asyncio.get_running_loop().time(), False

    def stop(self) -> None:
        """It is gone, or is to go."""
        if self._timer:
            self._timer.cancel()

    def _look_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        quiet = asyncio.get_running_loop().time() - self._heard
        if self._asked and quiet >= PATIENCE:
            self._give_up()
            return
        if not self._asked and not self._busy():
            return
        self._look_in(PATIENCE / 2)  # first: to ask is to send, which would start another timer
        if quiet >= PATIENCE / 2 and not self._asked:
            self._asked = True
            self._ask()
