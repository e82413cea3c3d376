"""What each request means. Speaks in protocol structs; knows neither HTTP nor SQL."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable

from sticli import protocol
from sticli.daemon.answering import flash_answer, live_answer
from sticli.daemon.answers import Answers
from sticli.daemon.asks import Asks, Progress
from sticli.daemon.checks import check_ask, check_flash, check_lines, check_session
from sticli.daemon.dispatch import Dispatch
from sticli.daemon.events import Bus
from sticli.daemon.messages import Done, Piece, RemoveFlash
from sticli.daemon.records import Appended, SessionRecord
from sticli.daemon.sessions import Session, Sessions
from sticli.daemon.store import Store
from sticli.daemon.supervisor import Supervisor
from sticli.errors import SticliError

SLOWED = 10.0  # seconds that an append may be held back
HEARTBEAT = 15.0  # seconds of silence before one

log = logging.getLogger(__name__)


class Service:
    """The daemon, as its clients see it."""

    def __init__(
        self, store: Store, supervisor: Supervisor, pending_lines: int, stop: Callable[[], None]
    ) -> None:
        self.store = store
        self.supervisor = supervisor
        self.sessions = Sessions()
        self.bus = Bus(store)
        self.answers = Answers(store, self.bus)
        self.asks = Asks(supervisor)
        self.dispatch = Dispatch(
            self.sessions, self.answers, self.asks, self.bus, store, supervisor
        )
        self.counters: Counter[str] = Counter(appends=0, lines=0, asks=0, flash_hits=0)
        self.stop = stop
        self._pending_lines = pending_lines
        self._closing = False

    async def load(self) -> None:
        """Bring back what the store holds."""
        await self.bus.load()
        for record in await self.store.sessions():
            self.sessions.add(Session(record))
        await self.answers.load({session.uid: session.name for session in self.sessions})

    async def close(self) -> None:
        """End every stream that has no end of its own."""
        self._closing = True
        self.bus.close()
        for session in self.sessions:
            session.change.announce()
        await self.answers.close()

    def show(self, name: str) -> protocol.Session:
        return self._public(self.sessions.get(name))

    def all(self) -> list[protocol.Session]:
        return [self._public(session) for session in self.sessions]

    async def create(self, request: protocol.NewSession) -> protocol.Session:
        """Make an empty session.

        Raises:
            SticliError: bad_request, exists, budget_exceeded, storage.
        """
        check_session(request)
        if len(self.sessions) >= protocol.MAX_SESSIONS:
            raise SticliError(
                "budget_exceeded",
                f"there are {len(self.sessions)} sessions, which is the limit",
                "remove one with `sticli rm`",
            )
        now = time.time()
        record = SessionRecord(
            secrets.token_hex(16),
            request.name,
            request.system,
            request.limit,
            now,
            now,
            on_full=request.on_full.value,
        )
        await asyncio.shield(self.store.create(record))
        session = Session(record)
        self.sessions.add(session)
        self.dispatch.open(session)
        self.bus.publish("session", session.name, {"state": "created"})
        return self._public(session)

    async def remove(self, name: str) -> None:
        """Forget a session with all its lines, questions and answers."""
        session = self.sessions.get(name)
        await asyncio.shield(self.store.remove(session.uid))
        if self.sessions.find(name) is session:
            self.sessions.remove(session)
            self.dispatch.close(session)
            self.bus.publish("session", name, {"state": "removed"})
            await self.answers.forget(session)

    async def append(self, name: str, request: protocol.Append) -> protocol.Accepted:
        """Journal a batch, once; the reply is held back while too much is pending.

        Raises:
            SticliError: not_found, bad_request, too_large, sequence_gap, storage,
                context_length_exceeded.
        """
        session = self.sessions.get(name)
        check_lines(request)
        future = self.store.append(
            session.uid, request.producer, request.first_seq, request.lines, _full(session)
        )
        future.add_done_callback(lambda done: self._appended(session, done))
        appended = await asyncio.shield(future)
        if session.pending > self._pending_lines:
            await session.change.until(lambda: self._may_go_on(session), SLOWED)
        return protocol.Accepted(
            accepted_seq=appended.next_seq,
            lines=appended.lines,
            version=appended.version,
            settled=session.settled,
            pending=session.pending,
        )

    async def lines(
        self, name: str, first: int, limit: int | None, follow: bool
    ) -> AsyncGenerator[list[protocol.Line]]:
        """Journalled lines from number `first` (from 1) on, some at a time."""
        session = self.sessions.get(name)
        place, left = first - 1, limit if limit is not None else 1 << 62
        while left > 0:
            batches = await self.store.lines(session.uid, place)
            found = [
                protocol.Line(number, batch.version, batch.at, text)
                for batch in batches
                for number, text in enumerate(batch.texts, batch.first + 1)
                if number > place
            ][:left]
            if found:
                place, left = found[-1].seq, left - len(found)
                yield found
            elif not follow or session.removed or self._closing:
                return
            else:
                await session.change.until(self._has_more(session, place))

    def from_flash(self, name: str, request: protocol.Ask) -> protocol.Answer | None:
        """The answer of a flash question that asks the same, when it is good enough."""
        session = self.sessions.get(name)
        check_ask(request)
        standing = self.answers.find(session, request.question)
        answer = flash_answer(session, standing, request) if standing else None
        self.counters["asks"] += 1
        self.counters["flash_hits"] += answer is not None
        return answer

    async def live(
        self, name: str, request: protocol.Ask
    ) -> AsyncGenerator[Progress | Piece | protocol.Answer]:
        """The worker's answer, in the end; before it what is waited for, and its pieces.

        Raises:
            SticliError: not_found, bad_request, worker_down, budget_exceeded,
                context_length_exceeded.
        """
        began = time.monotonic()
        session = self.sessions.get(name)
        standing = self.answers.find(session, request.question)
        question = standing.record.question if standing else request.question
        _check_version(session, request.min_version)
        session.last_used = time.time()
        words = self.asks.run(
            session, question, request.max_tokens, request.min_version or 0, request.stream
        )
        async with contextlib.aclosing(words):
            async for word in words:
                if isinstance(word, Done):
                    yield live_answer(session, question, word, time.monotonic() - began)
                else:
                    yield word

    async def add_flash(self, name: str, request: protocol.NewFlash) -> protocol.Flash:
        session = self.sessions.get(name)
        check_flash(request)
        standing = await self.answers.add(session, request)
        self.supervisor.send(standing.message(name))
        return standing.public(session)

    def flash(self, name: str, key: str) -> protocol.Flash:
        session = self.sessions.get(name)
        return self.answers.get(session, key).public(session)

    def flashes(self, name: str) -> list[protocol.Flash]:
        session = self.sessions.get(name)
        return [standing.public(session) for standing in self.answers.of(session)]

    async def remove_flash(self, name: str, key: str) -> None:
        session = self.sessions.get(name)
        await self.answers.remove(session, key)
        self.supervisor.send(RemoveFlash(name, key))

    async def events(
        self, session: str | None, types: frozenset[str], since: int | None
    ) -> AsyncGenerator[list[protocol.Event]]:
        """Events as they come, some at a time, until the daemon stops or the reader is too slow."""
        versions = {one.name: one.settled for one in self.sessions}
        subscriber = self.bus.subscribe(session, types, since, versions)
        try:
            while True:
                if waiting := list(subscriber.waiting):
                    subscriber.waiting.clear()
                    yield waiting
                elif subscriber.ended:
                    yield [self.bus.farewell(subscriber)]
                    return
                elif not await subscriber.change.until(subscriber.has_news, HEARTBEAT):
                    yield [self.bus.heartbeat()]
        finally:
            self.bus.unsubscribe(subscriber)

    def _public(self, session: Session) -> protocol.Session:
        return session.public(self.answers.count(session))

    def _appended(self, session: Session, done: "asyncio.Future[Appended]") -> None:
        if not done.cancelled() and not done.exception():
            appended = done.result()
            session.accepted(appended)
            self.counters["appends"] += 1
            self.counters["lines"] += len(appended.batch.texts) if appended.batch else 0

    def _may_go_on(self, session: Session) -> bool:
        return session.pending <= self._pending_lines or session.removed or self._closing

    def _has_more(self, session: Session, place: int) -> Callable[[], bool]:
        return lambda: session.lines > place or session.removed or self._closing


def _full(session: Session) -> SticliError | None:
    if session.state != "full":
        return None
    return SticliError(
        "context_length_exceeded",
        f"session {session.name!r} is full: {session.tokens} of {session.limit} cells,"
        f" {session.settled_lines} of {session.lines} lines",
        "start a new session, with a larger --limit if the model allows",
    )


def _check_version(session: Session, wanted: int | None) -> None:
    if wanted is not None and not 0 <= wanted <= session.version:
        raise SticliError(
            "bad_request",
            f"there is no version {wanted} of session {session.name!r} yet: the newest is"
            f" {session.version}",
        )
