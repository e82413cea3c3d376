"""Hears the daemon's events: each once and in order, however often the stream is cut off."""

import threading
from collections.abc import Callable
from contextlib import closing

from sticli.client import Client
from sticli.errors import SticliError
from sticli.protocol import Event

REPLAY = 4_000  # events before the first that are heard too: they tell what answers were before
SILENCE = 40.0  # seconds; the daemon says every 15 that it lives
FIRST, LONGEST = 0.25, 2.0  # seconds before a stream that was cut off is opened again
MISSED = "cursor"  # has a `stale` event that tells of a gap; others only end a stream


class Ear:
    """Listens while the daemon is `back`; `cut` is called when a stream has ended."""

    def __init__(
        self,
        connect: Callable[[float], Client],
        hear: Callable[[Event], None],
        cut: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._hear = hear
        self._cut = cut
        self._back = threading.Event()
        self._stopped = threading.Event()
        self._client: Client | None = None
        self._cursor: int | None = None  # the last event heard
        self._delay = FIRST

    def back(self) -> None:
        """Say that the daemon answers."""
        self._back.set()

    def away(self) -> None:
        """Say that there is no use in trying."""
        if not self._stopped.is_set():
            self._back.clear()

    def stop(self) -> None:
        """Have `run` end, whatever it waits for."""
        self._stopped.set()
        self._back.set()
        if self._client:
            self._client.abandon()

    def run(self) -> None:
        """Hear until stopped."""
        while self._back.wait() and not self._stopped.is_set():
            try:
                self._listen()
            except SticliError:  # whoever looks at the daemon tells why there is none
                self._delay = min(2 * self._delay, LONGEST)
            self._cut()
            self._stopped.wait(self._delay)

    def _listen(self) -> None:
        self._client = self._connect(SILENCE)
        try:
            while not self._stopped.is_set():
                with closing(self._client.events(since=self._cursor)) as events:
                    if all(map(self._take, events)):
                        return
        finally:
            self._client.close()

    def _take(self, event: Event) -> bool:
        """Hear an event; False when another stream is needed, from an earlier one on."""
        self._delay = FIRST
        if event.type == "connected":
            return self._begin(event.id)
        if event.type == "stale":
            if MISSED in event.data:
                self._hear(event)
        elif event.type != "heartbeat":
            self._cursor = event.id
            self._hear(event)
        return not self._stopped.is_set()

    def _begin(self, newest: int) -> bool:
        """Whether what follows goes on behind what was heard; a store may have been made anew."""
        if self._cursor is not None and self._cursor <= newest:
            return True
        self._cursor = max(0, newest - REPLAY)
        return False
