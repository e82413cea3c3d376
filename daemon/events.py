"""The bus: every event to every subscriber, with replay from a bounded ring.

An id is a cursor: persisted events take the next one, once they are on disk; live-only events
(`settled`: state, not history) carry the newest one, so `since` never skips anything.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from sticli.daemon.change import Change
from sticli.daemon.disk.notebook import RING
from sticli.daemon.disk.records import News
from sticli.daemon.store import Store
from sticli.protocol import Event

QUEUE = 1024  # events that a subscriber may fall behind

log = logging.getLogger(__name__)


class Subscriber:
    """What waits for one reader; once `ended` says why, nothing more will come."""

    def __init__(self, session: str | None, types: frozenset[str]) -> None:
        self.waiting: deque[Event] = deque()
        self.change = Change()
        self.ended = ""
        self._session = session
        self._types = types

    def wants(self, event: Event) -> bool:
        return (not self._types or event.type in self._types) and (
            self._session is None or event.session == self._session
        )

    def offer(self, event: Event) -> None:
        """Queue an event; a reader that is too slow is cut off instead."""
        if self.ended or not self.wants(event):
            return
        if len(self.waiting) >= QUEUE:
            self.end(f"this reader fell {QUEUE} events behind")
            return
        self.waiting.append(event)
        self.change.announce()

    def has_news(self) -> bool:
        return bool(self.waiting or self.ended)

    def end(self, reason: str) -> None:
        self.ended = self.ended or reason
        self.change.announce()


class Bus:
    """Publishes; the ring of persisted events is held in memory as well as in the store."""

    def __init__(self, store: Store) -> None:
        self.published = 0
        self._store = store
        self._ring: deque[Event] = deque(maxlen=RING)
        self._newest = 0
        self._subscribers: set[Subscriber] = set()

    async def load(self) -> None:
        """Fill the ring from the store."""
        events, self._newest = await self._store.events()
        self._ring.extend(events)

    def publish(
        self,
        kind: str,
        session: str,
        data: dict[str, Any],
        hear: Callable[[Event], None] | None = None,
    ) -> "asyncio.Future[Event]":
        """Persist an event, then hand it out, to `hear` as well."""
        news = News(kind, session, time.time(), data)
        future = self._store.add_event(news)
        future.add_done_callback(lambda done: self._persisted(news, done, hear))
        return future

    def show(self, kind: str, session: str, data: dict[str, Any]) -> Event:
        """Hand out a live-only event."""
        event = Event(self._newest, kind, session, time.time(), data)
        self._hand_out(event)
        return event

    def _persisted(
        self, news: News, done: "asyncio.Future[Event]", hear: Callable[[Event], None] | None
    ) -> None:
        if done.cancelled():
            return
        if error := done.exception():  # nobody may miss an answer because the disk is full
            log.warning("event %s is not kept: %s", news.type, error)
            event = self.show(news.type, news.session, news.data)
        else:
            event = done.result()
            self._newest = event.id
            self._ring.append(event)
            self._hand_out(event)
        if hear:
            hear(event)

    def _hand_out(self, event: Event) -> None:
        self.published += 1
        for subscriber in self._subscribers:
            subscriber.offer(event)

    def subscribe(
        self,
        session: str | None,
        types: frozenset[str],
        since: int | None,
        versions: dict[str, Any],
    ) -> Subscriber:
        """A reader of what comes, greeted with `connected`, `stale` if need be, and the replay."""
        subscriber = Subscriber(session, types)
        now = time.time()
        hello = {"cursor": self._newest, "versions": versions}
        subscriber.waiting.append(Event(self._newest, "connected", "", now, hello))
        if since is not None:
            if reason := self._gap(since):
                data = {"cursor": since, "reason": reason}
                subscriber.waiting.append(Event(self._newest, "stale", "", now, data))
            subscriber.waiting.extend(
                event for event in self._ring if event.id > since and subscriber.wants(event)
            )
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)

    def close(self) -> None:
        """Tell every reader that the daemon stops."""
        for subscriber in self._subscribers:
            subscriber.end("the daemon stops")

    def farewell(self, subscriber: Subscriber) -> Event:
        """The last event of a reader: why no more will come."""
        return Event(self._newest, "stale", "", time.time(), {"reason": subscriber.ended})

    def heartbeat(self) -> Event:
        return Event(self._newest, "heartbeat", "", time.time(), {})

    def _gap(self, since: int) -> str:
        """Why the replay after `since` is incomplete; empty when it is not."""
        if since > self._newest:
            return "no event has this id yet: the store was made anew"
        oldest = self._ring[0].id if self._ring else self._newest + 1
        return f"the oldest event kept is {oldest}" if since < oldest - 1 else ""
