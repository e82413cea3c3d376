"""How far sticli has come with each session of an adapter, as the events of its daemon tell."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from threading import Condition, Event, Thread

import msgspec

from sticli.client import Client
from sticli.errors import SticliError

LOOK = 0.5  # seconds between two looks at a session that is waited for


@dataclass(slots=True)
class Fed:
    """A session: what it was given, and how far it has come."""

    name: str  # in the daemon
    given: list[str] = field(default_factory=list)
    totals: list[int] = field(default_factory=lambda: [0])  # tokens of the first so many lines
    grown: list[tuple[int, float]] = field(default_factory=list)
    version: int = 0  # that all its lines make
    moved: float = field(default_factory=time.perf_counter)  # when it was given or grew last

    @property
    def settled(self) -> int:
        """Lines that are in the cache."""
        return self.grown[-1][0] if self.grown else 0

    def tokens(self, begin: int, end: int, count: Callable[[str], int]) -> int:
        """Tokens of a stretch of its lines; `count` tells those of one, and is asked once."""
        for text in self.given[len(self.totals) - 1 : end]:
            self.totals.append(self.totals[-1] + count(text))
        return self.totals[end] - self.totals[begin]


class Watch:
    """Listens to a daemon in a thread of its own, until `close`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._fed: dict[str, Fed] = {}
        self._news = Condition()
        self._over = Event()
        self._thread = Thread(target=self._listen, name="events", daemon=True)
        self._thread.start()

    def add(self, fed: Fed) -> None:
        """Begin to note what settles of a session."""
        self._fed[fed.name] = fed

    def remove(self, fed: Fed) -> None:
        """Note nothing more of it."""
        del self._fed[fed.name]

    def arrived(self, fed: Fed, client: Client) -> bool:
        """Wait a moment for the last line to settle; returns whether it has.

        Raises:
            SticliError: the daemon does not tell.
        """
        with self._news:
            if self._news.wait_for(lambda: fed.settled >= len(fed.given), LOOK):
                return True
        # events are no history: who falls behind misses some
        self._heard(fed, client.session(fed.name).settled_lines)
        return False

    def end(self) -> None:
        """Take what comes now for the end of the daemon."""
        self._over.set()

    def close(self) -> None:
        """Wait for the thread; the daemon has ended."""
        self._thread.join()

    def _listen(self) -> None:
        """Note what settles; who is cut off begins anew."""
        with closing(self._client.again()) as client:
            while not self._over.is_set():
                try:
                    for event in client.events(type="settled"):
                        if fed := self._fed.get(event.session):
                            self._heard(fed, msgspec.convert(event.data["lines"], int))
                except SticliError:
                    self._over.wait(LOOK)

    def _heard(self, fed: Fed, lines: int) -> None:
        """So many lines of a session are in its cache now."""
        with self._news:
            if lines > fed.settled:
                fed.moved = time.perf_counter()
                fed.grown.append((lines, fed.moved))
                self._news.notify_all()
