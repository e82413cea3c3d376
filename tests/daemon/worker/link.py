"""A whole worker in the test's own thread: messages in, messages out, simulated time."""

import math
from collections import deque
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker import house, template
from sticli.daemon.worker.snapshot import Snapshots
from tests.fakes import Clock, FakeEngine, FakeVocabulary

Kind = TypeVar("Kind", bound=messages.Message)


class Asleep(Exception):
    """The worker has nothing to do, and nothing that will ever be due."""


class Link:
    """Steps the loop; `sent` is all that the front would have read."""

    def __init__(
        self,
        engine: FakeEngine | None = None,
        vocabulary: FakeVocabulary | None = None,
        *,
        clock: Clock | None = None,
        snapshots: Snapshots | None = None,
        settings: Settings | None = None,
        model: str = "m1",
        spill_s: float = 0.0,  # else whoever rests for good has left the device by then
    ) -> None:
        self.clock = clock or Clock()
        self.engine = engine or FakeEngine(clock=self.clock)
        self.vocabulary = vocabulary or FakeVocabulary()
        self.inbox: deque[messages.Inbound] = deque()
        self.coming: deque[tuple[float, messages.Inbound]] = deque()  # in order: at their time
        self.sent: list[messages.Outbound] = []
        self.lag = 0.0  # seconds that messages waited for a pass to end
        ready = messages.Ready("", "", model, "fake", 4096, self.vocabulary.size, 0, {})
        self.loop = house.assemble(
            self.engine,
            self.vocabulary,
            template.split(self.vocabulary),
            msgspec.structs.replace(settings or Settings(), spill_after_s=spill_s),
            ready,
            snapshots,
            self._receive,
            self.sent.append,
            self.clock,
        )

    def _receive(self, seconds: float | None) -> tuple[messages.Inbound, float] | None:
        if self.inbox:
            return self.inbox.popleft(), self.clock() - self.lag
        if self.coming and self.clock() + (math.inf if seconds is None else seconds) >= (
            at := self.coming[0][0]
        ):
            self.clock.advance(max(0.0, at - self.clock()))
            return self.coming.popleft()[1], at
        if seconds is None:
            raise Asleep
        self.clock.advance(seconds)
        return None

    def beat(self, *inbound: messages.Inbound) -> None:
        """Deliver messages and take one round, or none if the worker sleeps."""
        self.inbox.extend(inbound)
        try:
            self.loop.beat()
        except Asleep:
            return

    def rest(self, *inbound: messages.Inbound) -> None:
        """Deliver messages and go on until the worker sleeps for good."""
        self.inbox.extend(inbound)
        try:
            for _ in range(100_000):
                self.loop.beat()
        except Asleep:
            return
        raise AssertionError("the worker never comes to rest")

    def stop(self) -> None:
        self.inbox.append(messages.Stop())
        self.loop.run()

    def of(self, kind: type[Kind]) -> list[Kind]:
        """What was sent of one kind."""
        return [message for message in self.sent if isinstance(message, kind)]

    def done(self, id: int) -> messages.Done:
        return next(item for item in self.of(messages.Done) if item.id == id)


def opened(
    session: str = "s",
    *,
    limit: int | None = 1024,
    lines: int = 0,
    uid: str = "u",
    on_full: str = "stop",
    window_from: int = 0,
) -> messages.Open:
    return messages.Open(session, uid, None, limit, lines, lines, on_full, window_from)


def lines(texts: Sequence[str], first: int = 0, session: str = "s") -> messages.Lines:
    """Lines whose version is their count."""
    return messages.Lines(session, first, first + len(texts), list(texts))


def ask(
    id: int, question: str = "why?", session: str = "s", most: int = 8, version: int = 0
) -> messages.Ask:
    return messages.Ask(id, session, question, most, version)


def flash(id: str, question: str, session: str = "s", debounce_ms: int = 200) -> messages.AddFlash:
    return messages.AddFlash(session, id, question, 8, debounce_ms)


def answer(texts: Sequence[str], question: str = "why?", most: int = 8) -> str:
    """What a lone, fresh session that holds exactly these lines answers."""
    link = Link()
    link.rest(opened(limit=4096), lines(texts), ask(1, question, most=most, version=len(texts)))
    return link.done(1).text
