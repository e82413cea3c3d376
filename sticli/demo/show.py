"""`sticli demo`: a feed into a real daemon, questions to it, and every answer beside the truth."""

import queue
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Protocol

from sticli import settled
from sticli.client import Client
from sticli.demo.day import Day
from sticli.demo.score import Sample, Score
from sticli.errors import SticliError
from sticli.protocol import Answer, Ask, Event, Flash

PATIENCE = 120.0  # seconds for the model to load, and for the last answers to become fresh
BETWEEN = 0.4  # seconds between questions of the asker
LOOK = 0.5  # seconds between looks at the standing answers


class View(Protocol):
    """Where the show is seen."""

    def line(self, day: Day, text: str) -> None: ...

    def sample(self, sample: Sample) -> None: ...

    def standing(self, day: Day, flashes: list[Flash], score: Score) -> None: ...


class Show:
    """A feed at a visible pace, an asker and a listener; only this thread writes the score."""

    def __init__(self, connect: Callable[[], Client], view: View, seed: int, tokens: int) -> None:
        self.score = Score()
        self.days: list[Day] = []
        self._connect = connect
        self._client = connect()
        self._view = view
        self._seed = seed
        self._tokens = tokens
        self._over = threading.Event()
        self._news: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    @property
    def day(self) -> Day:
        return self.days[-1]

    def run(self, seconds: float, rate: float) -> bool:
        """The whole show; whether every standing answer was fresh at its end.

        Raises:
            SticliError: what went wrong with a question, if any did.
        """
        self._next_day()
        self._client.ask(self.day.name, Ask("ready?", 1))  # the model is loaded
        helpers = [
            threading.Thread(target=self._guard, args=(work,), daemon=True)
            for work in (self._ask, self._listen)
        ]
        for helper in helpers:
            helper.start()
        self._feed(seconds, 1 / rate)
        self._over.set()
        helpers[0].join(PATIENCE)
        self._hear()
        return self._finish()

    def _next_day(self) -> None:
        self.days.append(Day(self._client, len(self.days) + 1, self._seed, self._tokens))

    def _feed(self, seconds: float, step: float) -> None:
        """Trade at an even pace, whatever else takes time."""
        begin = time.monotonic()
        look, due = begin, begin
        while due < begin + seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            due += step
            if self.day.over():
                self._settle()
                self._next_day()
            self._view.line(self.day, self.day.trade())
            self._hear()
            if time.monotonic() >= look:
                look = time.monotonic() + LOOK
                self._look()

    def _look(self) -> None:
        self._view.standing(self.day, self._client.flashes(self.day.name), self.score)

    def _hear(self) -> None:
        """Take in what asker and listener have brought."""
        while not self._news.empty():
            self._news.get()()

    def _settle(self) -> None:
        settled.wait(self._connect, self.day.name, self.day.version)

    def _finish(self) -> bool:
        """Let everything settle; the last answers count like any other."""
        self._settle()
        limit = time.monotonic() + PATIENCE
        flashes = self._client.flashes(self.day.name)
        while not _all_fresh(flashes) and time.monotonic() < limit:
            time.sleep(0.02)
            flashes = self._client.flashes(self.day.name)
        self._hear()
        self._view.standing(self.day, flashes, self.score)
        for flash in flashes:
            self._judge("final", self.day, flash.question, flash.answer, flash.version, 0.0)
        return _all_fresh(flashes)

    def _judge(
        self, kind: str, day: Day, question: str, answer: str | None, version: int | None, ms: float
    ) -> None:
        truth = day.truth(question, version or 0)
        if truth is not None and answer is not None and version is not None:
            sample = Sample(kind, question, answer, truth, version, ms)
            self._view.sample(self.score.add(sample))

    def _ask(self) -> None:
        """Ask in turn what stands and what does not, as somebody at a keyboard would."""
        client, choice = self._connect(), random.Random(self._seed)
        while not self._over.wait(BETWEEN):
            day = self.day
            known = day.known()
            standing = [text for text in known if text in day.standing]
            for some in (standing, known):
                if some:
                    self._put(client, day, choice.choice(some), live=some is known)

    def _put(self, client: Client, day: Day, question: str, *, live: bool) -> None:
        begin = time.perf_counter()
        answer = client.ask(day.name, Ask(question, 16, live))
        ms = (time.perf_counter() - begin) * 1000
        self._news.put(partial(self._asked, day, answer, ms, live))

    def _asked(self, day: Day, answer: Answer, ms: float, live: bool) -> None:
        if not live:
            self.score.look(answer.source == "flash", ms)
        self._judge(answer.source, day, answer.question, answer.answer, answer.version, ms)

    def _listen(self) -> None:
        """Hear changed answers as they are pushed."""
        for event in self._connect().again().events(type="answer"):
            if self._over.is_set():
                return
            if event.type == "answer":
                self._news.put(partial(self._pushed, event, time.time()))

    def _pushed(self, event: Event, now: float) -> None:
        day = next((one for one in self.days if one.name == event.session), None)
        version = event.data.get("version")
        if day is None or not isinstance(version, int):
            return
        question, answer = str(event.data.get("question")), str(event.data.get("answer"))
        ms = (now - (day.accepted(version) or now)) * 1000
        self._judge("pushed", day, question, answer, version, ms)

    def _guard(self, work: Callable[[], None]) -> None:
        """Bring an error of a helper to the main thread."""
        try:
            work()
        except SticliError as error:
            if not self._over.is_set():
                self._news.put(partial(_throw, error))


def _all_fresh(flashes: list[Flash]) -> bool:
    return all(flash.fresh for flash in flashes)


def _throw(error: SticliError) -> None:
    raise error
