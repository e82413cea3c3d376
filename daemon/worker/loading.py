"""Tells the front how far the model is loaded, not too often."""

from collections.abc import Callable

from sticli.daemon import messages

EVERY = 0.1  # seconds between two messages


class Loading:
    """What a loader calls: an engine's `Progress`."""

    def __init__(
        self, send: Callable[[messages.Outbound], None], clock: Callable[[], float]
    ) -> None:
        self._send = send
        self._clock = clock
        self._next = clock()

    def __call__(self, done: int, total: int, what: str = "weights") -> None:
        if (now := self._clock()) >= self._next:
            self._next = now + EVERY
            self._send(messages.Loading(done, total, what))
