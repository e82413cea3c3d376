"""A stream of the daemon that goes on where it was when the daemon comes back."""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TypeVar

from sticli.client import Client
from sticli.errors import SticliError
from sticli.invocation import Invocation

T = TypeVar("T")
FIRST, LONGEST = 0.1, 3.0  # seconds between tries to connect again


def resume(
    call: Invocation, opened: Callable[[Client], Iterator[T]], reconnect: bool
) -> Iterator[T]:
    """What an endless stream brings; `opened` starts it, each time behind what was brought.

    Raises:
        SticliError: what the daemon answered; `unreachable` only without `reconnect`.
    """
    threading.Thread(target=end_with_the_reader, daemon=True).start()
    client, delay = call.connect(), FIRST
    while True:
        try:
            with closing(client.again()) as other:
                for item in opened(other):
                    delay = FIRST
                    yield item
            raise SticliError(
                "unreachable", "the daemon ended the stream", "start it with `sticli daemon start`"
            )
        except SticliError as error:
            if error.code != "unreachable" or not reconnect:
                raise
            if delay == FIRST:
                call.note(f"{error.message}; waiting for it to come back")
        time.sleep(delay)
        delay = min(delay * 2, LONGEST)


def end_with_the_reader() -> None:
    """End the process when nobody reads stdout any more: a quiet stream would never notice."""
    watch = select.poll()
    watch.register(1, 0)
    watch.poll()
    os._exit(0)
