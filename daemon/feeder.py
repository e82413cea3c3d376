"""Streams what is read of a session's journal to the worker, the past and the present alike.

What is in flight, sent and not settled, is bounded, and so is the worker's memory; more widely
for what the journal held at the opening, of which the worker wants what it has a snapshot of before
it computes, and computes only the end of what it has.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from sticli.daemon.disk.records import Batch
from sticli.daemon.events import Bus
from sticli.daemon.messages import Lines
from sticli.daemon.pressure import seal
from sticli.daemon.sessions import Session
from sticli.daemon.store import Store
from sticli.daemon.supervisor import Supervisor
from sticli.errors import SticliError

WINDOW = 1 << 20  # characters of text in flight, at least one message
PAST = 32 << 20  # of what the journal held: many times what any snapshot is made of
MESSAGE = 64 << 10  # characters of one message, at least one line


class Feeder:
    """Feeds one opening of one session, from line `first` (from 0) on, until cancelled."""

    def __init__(
        self, session: Session, first: int, store: Store, supervisor: Supervisor, bus: Bus
    ) -> None:
        self._session = session
        self._next = first
        self._past = session.lines
        self._store = store
        self._supervisor = supervisor
        self._bus = bus
        self._flying: deque[tuple[int, int]] = deque()  # (end line, characters) of each message
        self._weight = 0

    async def run(self) -> None:
        """Send what the journal holds and what it comes to hold."""
        while True:
            await self._session.change.until(self._may_send)
            batches = self._session.recent(self._next)
            if not batches:
                batches = await self._store.lines(self._session.uid, self._next)
            if not batches and not self._session.removed:
                raise _lacks(self._session.name, self._next)
            await self._send(batches)

    def _may_send(self) -> bool:
        """Whether there is more, and room for it."""
        while self._flying and self._flying[0][0] <= self._session.settled_lines:
            self._weight -= self._flying.popleft()[1]
        return (
            self._session.state in ("opening", "live")
            and self._next < self._session.lines
            and self._weight < (PAST if self._next < self._past else self._window)
        )

    @property
    def _window(self) -> int:
        return self._session.under_way or WINDOW

    async def _send(self, batches: Iterable[Batch]) -> None:
        session = self._session
        most = min(MESSAGE, self._window // 4)
        for message in messages(session.name, batches, self._next, most):
            if not self._may_send():
                return
            end = message.first + len(message.texts)
            await seal(session, end, self._store, self._bus)
            texts = session.reading.read(message.first, message.texts)
            self._supervisor.send(Lines(message.session, message.first, message.version, texts))
            self._next = end
            weight = weigh(texts)
            self._flying.append((self._next, weight))
            self._weight += weight
            session.sent(self._next)
            await self._supervisor.drain()
        await asyncio.sleep(0)


def messages(
    name: str, batches: Iterable[Batch], first: int, most: int = MESSAGE
) -> Iterator[Lines]:
    """Contiguous batches, from line `first` on, as messages of about `most` characters.

    Small batches share a message. A message carries the newest version that it completes: the
    last of its batches', or the one before when more of that batch follows.
    """
    texts: list[str | None] = []
    size = version = 0
    for batch in batches:
        rest = batch.texts[max(0, first - batch.first) :]
        if texts and size + weigh(rest) > most:
            yield Lines(name, first, version, texts)
            first, size, texts = first + len(texts), 0, []
        for part in _parts(rest, most):
            if texts and len(part) < len(rest):
                yield Lines(name, first, batch.version - 1, texts)
                first, size, texts = first + len(texts), 0, []
            texts += part
            size += weigh(part)
        version = batch.version
    if texts:
        yield Lines(name, first, version, texts)


def weigh(texts: Sequence[str | None]) -> int:
    """Characters, newlines included."""
    return sum(len(text) for text in texts if text) + len(texts)


def _parts(texts: list[str], most: int) -> Iterator[list[str]]:
    """The texts cut into lists of bounded size."""
    if weigh(texts) <= most:
        yield texts
        return
    part: list[str] = []
    size = 0
    for text in texts:
        part.append(text)
        size += len(text) + 1
        if size >= most:
            yield part
            part, size = [], 0
    if part:
        yield part


def _lacks(name: str, line: int) -> SticliError:
    return SticliError(
        "storage",
        f"the journal of session {name!r} lacks line {line + 1}",
        "restart the daemon to repair it",
    )
