"""A limit on the time of a whole command."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sticli.errors import SticliError


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Whatever is inside ends in time, in the main thread; None: no limit.

    Raises:
        SticliError: timeout.
    """
    if seconds is None:
        yield
        return

    def expire(number: int, frame: FrameType | None) -> None:
        raise SticliError(
            "timeout", f"no answer within {seconds:g} s", "ask again, with a longer --timeout"
        )

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))  # zero would mean no limit
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
