"""Streams a session's journal to the worker, the past and the present alike.

What is in flight, sent and not settled, is bounded, and so is the worker's memory; but for what
the journal held at the opening, which the worker may want whole before it computes (a snapshot).
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from sticli.daemon.messages import Lines
from sticli.daemon.records import Batch
from sticli.daemon.sessions import Session
from sticli.daemon.store import Store
from sticli.daemon.supervisor import Supervisor
from sticli.errors import SticliError

WINDOW = 1 << 20  # characters of text in flight, at least one message
MESSAGE = 64 << 10  # characters of one message, at least one line


class Feeder:
    """Feeds one opening of one session, from line `first` (from 0) on, until cancelled."""

    def __init__(self, session: Session, first: int, store: Store, supervisor: Supervisor) -> None:
        self._session = session
        self._next = first
        self._past = session.lines
        self._store = store
        self._supervisor = supervisor
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
            and (self._weight < WINDOW or self._next < self._past)
        )

    async def _send(self, batches: Iterable[Batch]) -> None:
        for message in messages(self._session.name, batches, self._next):
            if not self._may_send():
                return
            self._supervisor.send(message)
            self._next = message.first + len(message.texts)
            weight = weigh(message.texts)
            self._flying.append((self._next, weight))
            self._weight += weight
            self._session.sent(self._next)
            await self._supervisor.drain()
        await asyncio.sleep(0)


def messages(name: str, batches: Iterable[Batch], first: int) -> Iterator[Lines]:
    """Contiguous batches, from line `first` on, as messages of bounded size.

    Small batches share a message. A message carries the newest version that it completes: the
    last of its batches', or the one before when more of that batch follows.
    """
    texts: list[str | None] = []
    size = version = 0
    for batch in batches:
        rest = batch.texts[max(0, first - batch.first) :]
        if texts and size + weigh(rest) > MESSAGE:
            yield Lines(name, first, version, texts)
            first, size, texts = first + len(texts), 0, []
        for part in _parts(rest):
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


def _parts(texts: list[str]) -> Iterator[list[str]]:
    """The texts cut into lists of bounded size."""
    if weigh(texts) <= MESSAGE:
        yield texts
        return
    part: list[str] = []
    size = 0
    for text in texts:
        part.append(text)
        size += len(text) + 1
        if size >= MESSAGE:
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
