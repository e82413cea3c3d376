"""What the worker's state means for who waits for it."""

import time
from collections.abc import Callable

from sticli.client import Client
from sticli.errors import SticliError
from sticli.protocol import Loading, Status

SETTLED = ("ready", "asleep")  # a worker that sleeps wakes for whoever needs it
LOOK = 0.05  # seconds between looks


def failure(status: Status) -> SticliError | None:
    """Why no answer will come; None while there is hope."""
    if status.worker != "stopped":
        return None
    found = status.failure
    if found:
        return SticliError(found.code, found.message, found.hint)
    return SticliError("worker_down", status.last_error, "see `sticli daemon logs`")


def wait(client: Client, seconds: float, tell: Callable[[Loading], None]) -> Status:
    """The status once the worker is ready, or when for so many seconds nothing went on.

    Raises:
        SticliError: why it will not become ready.
    """
    end, known = time.monotonic() + seconds, None
    while True:
        status = client.status()
        if error := failure(status):
            raise error
        if status.loading and status.loading != known:
            end, known = time.monotonic() + seconds, status.loading
            tell(known)
        if status.worker in SETTLED or time.monotonic() > end:
            return status
        time.sleep(LOOK)
