"""Connections to a daemon that threads share, one at a time each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sticli.client import Client


class Connections:
    """As many as are used at once; `timeout` is in seconds."""

    def __init__(self, path: Path, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._idle: list[Client] = []

    @contextmanager
    def use(self) -> Iterator[Client]:
        """A connection that nobody else uses meanwhile; it stays open for the next."""
        try:
            client = self._idle.pop()
        except IndexError:
            client = Client(self._path, self._timeout)
        try:
            yield client
        finally:
            self._idle.append(client)

    def close(self) -> None:
        """Drop those that nobody uses."""
        for client in self._idle:
            client.close()
