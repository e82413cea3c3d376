"""What each request means. Speaks in protocol structs; knows neither HTTP nor SQL."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable

from sticli import protocol
from sticli.config import Settings
from sticli.daemon.answers import Answers
from sticli.daemon.asking import Asking
from sticli.daemon.asks import Asks
from sticli.daemon.checks import check_feed, check_flash, check_lines
from sticli.daemon.creation import create
from sticli.daemon.disk.records import Appended
from sticli.daemon.dispatch import Dispatch
from sticli.daemon.events import Bus
from sticli.daemon.idle import Idle
from sticli.daemon.messages import Pin, RemoveFlash
from sticli.daemon.pressure import recall, relieve
from sticli.daemon.repeats import Repeats
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
        self, store: Store, supervisor: Supervisor, settings: Settings, stop: Callable[[], None]
    ) -> None:
        self.store = store
        self.supervisor = supervisor
        self.sessions = Sessions()
        self.bus = Bus(store)
        self.answers = Answers(store, self.bus)
        self.asks = Asks(supervisor)
        self.repeats = Repeats(settings.response_cache)
        self.dispatch = Dispatch(
            self.sessions, self.answers, self.repeats, self.asks, self.bus, store, supervisor
        )
        self.counters: Counter[str] = Counter(appends=0, lines=0, dropped=0)
        self.asking = Asking(
            self.sessions, self.answers, self.repeats, self.asks, store, self.counters
        )
        self.stop = stop
        self.idle = Idle()
        self._pending_tokens = settings.pending_tokens
        self._unload_after_s = settings.unload_after_s
        self._closing = False

    async def load(self) -> None:
        """Bring back what the store holds."""
        self.idle.after(self._unload_after_s, self._rest)
        await self.bus.load()
        for record in await self.store.sessions():
            session = Session(record)
            await recall(session, self.store)
            self.sessions.add(session)
        await self.answers.load({session.uid: session.name for session in self.sessions})

    async def close(self) -> None:
        """End every stream that has no end of its own."""
        self._closing = True
        self.idle.stop()
        self.bus.close()
        for session in self.sessions:
            session.change.announce()
        await self.answers.close()

    def _rest(self) -> None:
        """Let the worker go until somebody needs it."""
        if not self.dispatch.busy():
            self.supervisor.rest()

    def show(self, name: str) -> protocol.Session:
        return self._public(self.sessions.get(name))

    def all(self) -> list[protocol.Session]:
        return [self._public(session) for session in self.sessions]

    async def create(self, request: protocol.NewSession) -> protocol.Session:
        """Make an empty session, or one that begins as another one is, or was.

        Raises:
            SticliError: bad_request, not_found, exists, budget_exceeded, storage.
        """
        self.sessions.coming += 1
        try:
            session = await create(request, self.sessions, self.store)
            await recall(session, self.store)
            self.sessions.add(session)
        finally:
            self.sessions.coming -= 1
        self.dispatch.open(session)
        self.bus.publish("session", session.name, {"state": "created"})
        return self._public(session)

    async def pin(self, name: str, pinned: bool) -> protocol.Session:
        """Say whether a session is the last to leave the device."""
        session = self.sessions.get(name)
        await asyncio.shield(self.store.pin(session.uid, pinned))
        session.pin(pinned)
        if not session.removed:  # another may bear the name by now
            self.supervisor.send(Pin(name, pinned))
        return self._public(session)

    async def explain(self, name: str) -> protocol.Account:
        """Where the session's tokens are, as the worker says.

        Raises:
            SticliError: not_found, worker_down, or why the session is not served.
        """
        return await self.asks.explain(self.sessions.get(name))

    async def remove(self, name: str) -> None:
        """Forget a session with all its lines, questions and answers."""
        session = self.sessions.get(name)
        await asyncio.shield(self.store.remove(session.uid))
        if self.sessions.find(name) is session:
            self.sessions.remove(session)
            self.dispatch.close(session)
            self.bus.publish("session", name, {"state": "removed"})
            self.repeats.forget(session)
            await self.answers.forget(session)

    async def append(self, name: str, request: protocol.Append) -> protocol.Accepted:
        """Journal a batch, once; while too much is pending the reply is held back, or the oldest
        lines are dropped. The newest append of a session says which, for all of its lines.

        Raises:
            SticliError: not_found, bad_request, too_large, sequence_gap, taken, storage,
                context_length_exceeded.
        """
        session = self.sessions.get(name)
        check_lines(request)
        future = self.store.append(
            session.uid,
            request.producer,
            request.first_seq,
            request.lines,
            _full(session),
            request.position,
            request.run,
        )
        future.add_done_callback(lambda done: self._appended(session, request.on_busy, done))
        appended = await asyncio.shield(future)
        if request.on_busy is protocol.OnBusy.WAIT and not self._may_go_on(session):
            await session.change.until(lambda: self._may_go_on(session), SLOWED)
        return protocol.Accepted(
            accepted_seq=appended.next_seq,
            lines=appended.lines,
            version=appended.version,
            settled=session.settled,
            pending=session.pending,
            pending_tokens=session.pending_tokens,
            dropped=session.reading.dropped,
        )

    async def register(self, name: str, producer: str, feed: protocol.NewFeed) -> protocol.Feed:
        """Begin the next run of a feed: how far it had come; appends of earlier runs are refused.

        Raises:
            SticliError: not_found, bad_request, too_large, storage.
        """
        session = self.sessions.get(name)
        check_feed(producer, feed)
        return await asyncio.shield(self.store.register(session.uid, producer, feed))

    async def feeds(self, name: str) -> list[protocol.Feed]:
        return await self.store.feeds(self.sessions.get(name).uid)

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

    async def add_flash(self, name: str, request: protocol.NewFlash) -> protocol.Flash:
        session = self.sessions.get(name)
        check_flash(request)
        standing = await self.answers.add(session, request)
        if not session.removed:
            self.supervisor.send(standing.message(name))
            self.supervisor.wake()
        return standing.public(session)

    def flash(self, name: str, key: str) -> protocol.Flash:
        session = self.sessions.get(name)
        return self.answers.get(session, key).public(session)

    def flashes(self, name: str) -> list[protocol.Flash]:
        session = self.sessions.get(name)
        return [standing.public(session) for standing in self.answers.of(session)]

    async def remove_flash(self, name: str, key: str) -> None:
        session = self.sessions.get(name)
        standing = await self.answers.remove(session, key)
        if not session.removed:
            self.supervisor.send(RemoveFlash(name, key))
        if standing.hook:
            await standing.hook.close()

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

    def _appended(
        self, session: Session, on_busy: protocol.OnBusy, done: "asyncio.Future[Appended]"
    ) -> None:
        if not done.cancelled() and not done.exception():
            appended = done.result()
            session.accepted(appended)
            if appended.batch:
                self.supervisor.wake()
            self.counters["appends"] += 1
            self.counters["lines"] += len(appended.batch.texts) if appended.batch else 0
            if on_busy is protocol.OnBusy.DROP_OLDEST:
                self.counters["dropped"] += relieve(session, self._pending_tokens, self.store)
            else:
                session.under_way = 0

    def _may_go_on(self, session: Session) -> bool:
        return session.pending_tokens <= self._pending_tokens or session.removed or self._closing

    def _has_more(self, session: Session, place: int) -> Callable[[], bool]:
        return lambda: session.lines > place or session.removed or self._closing


def _full(session: Session) -> SticliError | None:
    if not session.full:
        return None
    return SticliError(
        "context_length_exceeded",
        f"session {session.name!r} is full: {session.tokens} of {session.limit} cells,"
        f" {session.settled_lines} of {session.lines} lines",
        "start a new session, with a larger --limit if the model allows",
    )
