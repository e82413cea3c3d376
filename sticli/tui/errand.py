"""Requests of the person's, off the screen's thread: a slow daemon never holds up a key."""

from collections.abc import Callable
from threading import Thread

from sticli.client import Client
from sticli.errors import SticliError
from sticli.watch.news import Source

Do = Callable[[Client], object]
Done = Callable[[SticliError | None], object]


def send(source: Source, do: Do, done: Done) -> None:
    """Do something with a connection of its own; `done` hears, on that thread, how it went.

    Nobody waits for it: leaving does not hang on a daemon that does not answer.
    """
    Thread(target=_run, args=(source, do, done), daemon=True).start()


def _run(source: Source, do: Do, done: Done) -> None:
    try:
        client = source.client()
        try:
            do(client)
        finally:
            client.close()
    except SticliError as error:
        done(error)
    else:
        source.refresh()
        done(None)
