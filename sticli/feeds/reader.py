"""Reads a file descriptor as it fills and gives it to an intake."""

import os
import select
from collections.abc import Callable

from sticli.errors import refused
from sticli.feeds.intake import CHUNK, Intake


class Reader:
    """Never buffers behind the caller's back: what `select` sees is all there is."""

    def __init__(self, source: int, intake: Intake) -> None:
        self.ended = False  # there was no more
        self._source = source
        self._intake = intake

    def run(self, wake: int, tick: Callable[[], None], every: float | None) -> None:
        """Read to the end, or until `wake` becomes readable, or a line or reading is refused.

        `tick` is called now and then, after `every` seconds at most where that is given.
        """
        while not self._intake.refusal and self._step(wake, every):
            tick()

    def _step(self, wake: int, every: float | None) -> bool:
        wait = self._intake.tend()
        patience = every if wait is None else wait
        ready, _, _ = select.select([self._source, wake], [], [], patience)
        if wake in ready:
            return False
        if self._source in ready:
            return self._read(wake)
        return True

    def _read(self, wake: int) -> bool:
        """Take what is there; whether there may be more."""
        try:
            data = os.read(self._source, CHUNK)
        except BlockingIOError:  # somebody else read it
            return True
        except OSError as error:
            self._intake.refusal = refused(error, "standard input")
            return False
        if not data:
            # a signal may end the writer as well as us, and then this is not all there is
            self.ended = not select.select([wake], [], [], 0)[0]
            return False
        self._intake.take(data)
        return True
