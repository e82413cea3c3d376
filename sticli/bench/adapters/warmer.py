"""Keeps the prefix cache of a server warm: what its users can do who know that they will ask."""

import threading
import time
from collections.abc import Callable

from sticli.errors import SticliError


class Warmer:
    """Sends a session's prompt, again and again, while there are lines that were not sent.

    `send` has the server compute the prompt so far, and returns how many lines are in it.
    """

    def __init__(self, send: Callable[[], int]) -> None:
        self.settled: list[tuple[int, float]] = []  # (lines in the cache, since when)
        self._send = send
        self._lines = 0
        self._failure: SticliError | None = None
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, count: int) -> None:
        """So many more lines are there."""
        with self._changed:
            self._lines += count
            self._changed.notify_all()

    def wait(self) -> None:
        """Until all lines were sent.

        Raises:
            SticliError: the server has refused one prompt.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._failure or self._warm)
            if self._failure:
                raise self._failure

    def close(self) -> None:
        """End, when the request that runs is answered."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join()

    @property
    def _warm(self) -> bool:
        return self._lines <= (self.settled[-1][0] if self.settled else 0)

    def _run(self) -> None:
        while self._due():
            try:
                lines = self._send()
            except SticliError as error:
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()
                return
            with self._changed:
                self.settled.append((lines, time.perf_counter()))
                self._changed.notify_all()

    def _due(self) -> bool:
        """Wait for lines; whether there are any, rather than an end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or not self._warm)
            return not self._ended
