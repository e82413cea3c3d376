"""All that the dashboard knows: news folded into one picture, bounded however long it is open."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from sticli.errors import SticliError
from sticli.protocol import Event, Flash, Line, Session, Status
from sticli.watch.news import Device, Lost, News, Snapshot

LINES = 2_000  # of the feed that can be scrolled back to
EVENTS = 500
HISTORY = 60  # past values of an answer
ASKED = 4_096  # flash questions whose past is kept
WINDOW = 10.0  # seconds over which shares and rates are taken
CLASSES = ("ask", "ingest", "flash", "ready", "upkeep")

Key = tuple[str, str]  # session, id of a flash question


@dataclass
class Past:
    """What a flash question said before, oldest first, and when it last said something new."""

    values: deque[str] = field(default_factory=lambda: deque(maxlen=HISTORY))
    changed_at: float = 0.0  # seconds since the epoch


class State:
    """Folds news. What it shows stays when the daemon goes: `lost` says that it is old."""

    def __init__(self) -> None:
        self.at = 0.0  # of the newest snapshot, seconds since the epoch; 0: there was none
        self.lost: SticliError | None = None  # why there are no news; None: there are
        self.lost_at = 0.0
        self.status: Status | None = None
        self.sessions: dict[str, Session] = {}
        self.chosen: str | None = None  # whose flashes and lines these are
        self.flashes: dict[str, Flash] = {}
        self.lines: deque[Line] = deque(maxlen=LINES)
        self.line_count = 0  # that ever came, those skipped included: tells what is new
        self.events: deque[Event] = deque(maxlen=EVENTS)
        self.event_count = 0
        self.device = Device()
        self._pasts: dict[Key, Past] = {}
        self._usages: deque[tuple[float, dict[str, float]]] = deque()

    def fold(self, news: News) -> None:
        """Take in one piece of news."""
        if isinstance(news, Snapshot):
            self._look(news)
        elif isinstance(news, Lost):
            self.lost_at = self.lost_at if self.lost else news.at
            self.lost = news.error
        else:
            self._hear(news)

    def choose(self, session: str | None) -> None:
        """Forget what belongs to the session chosen before."""
        if session != self.chosen:
            self.chosen = session
            self.flashes = {}
            self.lines.clear()
            self.line_count = 0

    def past(self, session: str, key: str) -> Past:
        """What a flash question said before; empty when nothing is known."""
        return self._pasts.get((session, key)) or Past()

    def shares(self) -> dict[str, float]:
        """Share of the last seconds that the device worked for each class of work."""
        return {kind: self._rate(f"device_s_{kind}") for kind in CLASSES}

    def token_rates(self) -> dict[str, float]:
        """Tokens a second that were computed of late, by class of work."""
        return {kind: self._rate(f"tokens_{kind}") for kind in CLASSES}

    def _look(self, news: Snapshot) -> None:
        self.lost = None
        self.at, self.status, self.device = news.at, news.status, news.device
        self.sessions = {session.name: session for session in news.sessions}
        self._usages.append((news.at, news.status.usage))
        while len(self._usages) > 2 and news.at - self._usages[1][0] >= WINDOW:
            self._usages.popleft()
        if news.chosen == self.chosen:
            self.flashes = {flash.id: flash for flash in news.flashes}
            self.lines.extend(news.lines)
            self.line_count += news.skipped + len(news.lines)
        self._forget()

    def _hear(self, event: Event) -> None:
        if event.type in ("connected", "heartbeat", "settled"):
            return
        if event.type == "answer":
            self._answered(event)
        self.events.append(event)
        self.event_count += 1

    def _answered(self, event: Event) -> None:
        """A flash question says something new."""
        key = (event.session, str(event.data.get("id", "")))
        past = self._pasts.setdefault(key, Past())
        past.values.append(str(event.data.get("answer", "")))
        past.changed_at = event.at
        known = self.flashes.get(key[1]) if event.session == self.chosen else None
        if known:
            self.flashes[key[1]] = replace(known, answer=past.values[-1])
        while len(self._pasts) > ASKED:
            self._pasts.pop(next(iter(self._pasts)))

    def _forget(self) -> None:
        """Drop the past of sessions that are gone."""
        gone = [key for key in self._pasts if key[0] not in self.sessions]
        for key in gone:
            del self._pasts[key]

    def _rate(self, name: str) -> float:
        """How fast a counter grew of late, a second; a worker that began anew counts from 0."""
        steps = list(self._steps(name))
        seconds = sum(step[0] for step in steps)
        return sum(step[1] for step in steps) / seconds if seconds > 0 else 0.0

    def _steps(self, name: str) -> Iterator[tuple[float, float]]:
        for (before, old), (after, new) in zip(self._usages, list(self._usages)[1:], strict=False):
            grown = new.get(name, 0.0) - old.get(name, 0.0)
            yield after - before, grown if grown >= 0 else new.get(name, 0.0)
