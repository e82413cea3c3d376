"""All that the dashboard knows: news folded into one picture, bounded however long it is open."""

from collections import deque
from dataclasses import dataclass, field

import msgspec

from sticli.errors import SticliError
from sticli.protocol import Event, Flash, Line, Session, Status
from sticli.watch.news import LINES as LINES
from sticli.watch.news import Device, Lost, News, Snapshot, anew
from sticli.watch.rates import Rates

EVENTS = 500
HISTORY = 60  # past values of an answer
LONGEST = 200  # characters that are kept of each
ASKED = 4_096  # flash questions whose past is kept
CLASSES = ("ask", "ingest", "flash", "ready", "upkeep")
UNSEEN = ("connected", "heartbeat", "settled")  # events that say nothing which a snapshot does not

Key = tuple[str, str]  # session, id of a flash question


@dataclass
class Past:
    """What a flash question said before, oldest first, and when it last said something new."""

    values: deque[str] = field(default_factory=lambda: deque(maxlen=HISTORY))
    changed_at: float = 0.0  # seconds since the epoch; 0: not known
    question: str = ""


class State:
    """Folds news. What it shows stays when the daemon goes: `lost` says that it is old."""

    def __init__(self) -> None:
        self.at = 0.0  # of the newest snapshot, seconds since the epoch; 0: there was none
        self.lost: SticliError | None = None  # why there are no news; None: there are
        self.lost_at = 0.0
        self.status: Status | None = None
        self.sessions: dict[str, Session] = {}
        self.chosen: str | None = None  # whose flashes and lines these are
        self.seen = False  # whether the newest snapshot was of it
        self.flashes: dict[str, Flash] = {}
        self.lines: deque[Line] = deque(maxlen=LINES)
        self.line_count = 0  # that ever came, those skipped included: tells what is new
        self.begun = 0  # grows when the lines begin anew: `line_count` does then, too
        self.events: deque[Event] = deque(maxlen=EVENTS)
        self.event_count = 0
        self.device = Device()
        self._pasts: dict[Key, Past] = {}  # the last to change is the last
        self._heard: dict[str, Flash] = {}  # answers of the chosen session, newer than `at`
        self._rates = Rates(f"{what}_{kind}" for what in ("device_s", "tokens") for kind in CLASSES)

    def fold(self, news: News) -> None:
        """Take in one piece of news."""
        if isinstance(news, Snapshot):
            self._look(news)
        elif isinstance(news, Lost):
            self.lost_at = self.lost_at if self.lost else news.at
            self.lost = news.error
        elif news.type not in UNSEEN:
            self._hear(news)

    def choose(self, session: str | None) -> None:
        """Forget what belongs to the session chosen before."""
        if session != self.chosen:
            self.chosen = session
            self.seen = False
            self.flashes = {}
            self._heard = {}
            self._begin()

    def past(self, session: str, key: str) -> Past:
        """What a flash question said before, and says; empty when nothing is known."""
        past = self._pasts.get((session, key)) or Past()
        flash = self.flashes.get(key) if session == self.chosen else None
        if flash is None:
            return past
        if flash.answer is None or past.question not in ("", flash.question):
            past = Past()  # it was of an earlier question of this id
        now = (flash.answer or "")[:LONGEST]
        if flash.answer is None or (past.values and past.values[-1] == now):
            return past
        at = (flash.evaluated_at or 0.0) if past.values else 0.0
        return Past(deque([*past.values, now], HISTORY), at, flash.question)

    def shares(self) -> dict[str, float]:
        """Share of the last seconds that the device worked for each class of work."""
        return {kind: self._rates.of(f"device_s_{kind}") for kind in CLASSES}

    def token_rates(self) -> dict[str, float]:
        """Tokens a second that were computed of late, by class of work."""
        return {kind: self._rates.of(f"tokens_{kind}") for kind in CLASSES}

    def _look(self, news: Snapshot) -> None:
        self.lost = None
        self.at, self.status, self.device = news.at, news.status, news.device
        self.sessions = {session.name: session for session in news.sessions}
        self._rates.add(news.at, news.status.usage)
        self.seen = news.chosen == self.chosen
        if not self.seen:
            return
        self._heard = {key: one for key, one in self._heard.items() if _when(one) > news.at}
        self.flashes = {flash.id: self._newest(flash) for flash in news.flashes}
        if anew(self.lines, news.lines):
            self._begin()
        self.lines.extend(news.lines)
        self.line_count += news.skipped + len(news.lines)

    def _newest(self, seen: Flash) -> Flash:
        """What a look saw, unless a newer answer was heard while it looked."""
        heard = self._heard.get(seen.id)
        return heard if heard and heard.question == seen.question and later(heard, seen) else seen

    def _hear(self, event: Event) -> None:
        if event.type == "answer":
            self._answered(event)
        elif event.type == "session" and event.data.get("state") == "removed":
            for key in [key for key in self._pasts if key[0] == event.session]:
                del self._pasts[key]
        self.events.append(event)
        self.event_count += 1

    def _answered(self, event: Event) -> None:
        """A flash question says something new."""
        key = (event.session, str(event.data.get("id", "")))
        question = str(event.data.get("question", ""))
        past = self._pasts.pop(key, None)
        if past is None or past.question != question:
            past = Past(question=question)
        self._pasts[key] = past
        past.values.append(str(event.data.get("answer", ""))[:LONGEST])
        past.changed_at = event.at
        if event.session == self.chosen:
            self._show(key[1], event)
        while len(self._pasts) > ASKED:
            self._pasts.pop(next(iter(self._pasts)))

    def _show(self, key: str, event: Event) -> None:
        """Let an answer stand at once: the next look is some time away."""
        known = self.flashes.get(key)
        heard = _flash(event, known)
        if heard is None:
            return
        self._heard[key] = heard
        if known and later(heard, known):
            self.flashes[key] = heard

    def _begin(self) -> None:
        """No line is known that goes on."""
        self.lines.clear()
        self.line_count = 0
        self.begun += 1


def later(one: Flash, other: Flash) -> bool:
    """Whether an answer is not the older one of two."""
    return _when(one) >= _when(other)


def _when(flash: Flash) -> float:
    return flash.evaluated_at or 0.0


def _flash(event: Event, known: Flash | None) -> Flash | None:
    """The question as an event tells of it; one that tells little changes the answer only."""
    try:
        return msgspec.convert(event.data, Flash)
    except msgspec.ValidationError:
        answer = str(event.data.get("answer", ""))
        return msgspec.structs.replace(known, answer=answer) if known else None
