"""News of a daemon: one thread hears its events, one looks at it; nothing moves where it rests."""

import threading
import time

from sticli.client import Client
from sticli.errors import SticliError
from sticli.launch import asleep, not_running, shake_hands
from sticli.paths import Paths
from sticli.protocol import Event
from sticli.watch.device import Readings
from sticli.watch.ear import Ear
from sticli.watch.look import Chosen, Looks
from sticli.watch.news import Lost, News, Snapshot
from sticli.watch.pending import Pending
from sticli.watch.state import UNSEEN

REST = 2.0  # seconds between looks where nothing happens
HOPELESS = 10.0  # seconds, where only a person can mend what is wrong
FOR_A_PERSON = ("version_mismatch", "permission", "bad_request")
PATIENCE = 10.0  # seconds that the daemon may take for an answer
ANSWER = 60.0  # and to a question, before it has said anything
FAREWELL = 1.0  # seconds that a thread may take to end


class Observer:
    """A `Source`. It never starts a daemon, and goes on with whichever comes.

    `interval` is the least time between two looks, in seconds.
    """

    def __init__(self, paths: Paths, interval: float, session: str | None = None) -> None:
        self._paths = paths
        self._interval = interval
        self._rest = max(REST, interval)
        self._chosen = Chosen(session)
        self._pending = Pending()
        self._ear = Ear(self._connect, self._heard, self.refresh)
        self._readings = Readings()
        self._looks: Looks | None = None
        self._turn = threading.Condition()
        self._stirred = False  # something happened: look again before long
        self._urgent = False  # look again at once
        self._stopped = False
        self._threads = [
            threading.Thread(target=run, daemon=True) for run in (self._ear.run, self._run)
        ]

    def start(self) -> None:
        """Begin to hear and to look."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads, whatever they wait for."""
        with self._turn:
            self._stopped = True
            self._turn.notify()
        self._ear.stop()
        if self._looks:
            self._looks.client.abandon()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(FAREWELL)

    def take(self) -> list[News]:
        return self._pending.take()

    def choose(self, session: str | None) -> None:
        self._chosen = Chosen(session)  # a look that is under way goes on with the old one
        self.refresh()

    def refresh(self) -> None:
        with self._turn:
            self._urgent = True
            self._turn.notify()

    def client(self) -> Client:
        return self._connect(ANSWER)

    def _connect(self, timeout: float) -> Client:
        if asleep(self._paths):  # to connect would start a daemon
            raise not_running(self._paths)
        shake_hands(self._paths)
        return Client(self._paths.socket, timeout)

    def _heard(self, event: Event) -> None:
        if event.type not in UNSEEN:
            self._pending.add(event)
        if not self._stirred:
            with self._turn:
                self._stirred = True
                self._turn.notify()

    def _run(self) -> None:
        delay, found = self._interval, False
        while not self._stopped:
            begin, before = time.monotonic(), found
            news = self._look()
            found = isinstance(news, Snapshot)
            self._pending.add(news)
            if isinstance(news, Lost) and news.error.code in FOR_A_PERSON:
                delay = HOPELESS
            elif found != before:
                delay = self._interval
            delay = self._interval if self._wait(begin, delay) else min(2 * delay, self._rest)
        self._leave()

    def _look(self) -> Snapshot | Lost:
        """The daemon as it is, or why it cannot be seen."""
        try:
            if self._looks is None:
                self._looks = Looks(self._connect(PATIENCE), self._readings)
            news = self._looks.look(self._chosen)
        except SticliError as error:
            self._leave()
            self._ear.away()
            return Lost(time.time(), error)
        self._ear.back()
        return news

    def _leave(self) -> None:
        if self._looks:
            self._looks.client.close()
        self._looks = None

    def _wait(self, begin: float, delay: float) -> bool:
        """Wait for the time of the next look; whether it comes because something happened."""
        with self._turn:
            while not (self._stopped or self._urgent):
                due = begin + (self._interval if self._stirred else delay) - time.monotonic()
                if due <= 0:
                    break
                self._turn.wait(due)
            stirred = self._stirred or self._urgent
            self._stirred = self._urgent = False
        return stirred
