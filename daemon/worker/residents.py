"""The sessions on the device: what each has to do, and which of them may make room for others."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sticli.daemon.worker.questions import Questions
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.want import ASK, FLASH, LINES, NOTHING, Want

TURN = 1.0  # seconds of the device that a session gets before others of its kind
# Seconds by the clock after which it had its turn, whatever it got. Lines that asks keep out for as
# long count as one, and keep their place for a turn: an ask waits for one such turn at most, and
# for the step that goes on when it ends, beyond what other asks make it wait.
STAY = 10.0
SOON = 1.0  # seconds: a flash question due so soon is work


@dataclass(slots=True)
class _Stay:
    """A session's time on the device: when it began, and what it has computed."""

    since: float  # seconds of the loop's clock
    waited: float  # since when its lines wait for a turn
    kept: float = 0.0  # until when, at most, its lines keep the place against asks of others
    used: float = 0.0  # seconds of the device
    open: bool = False  # asks that wait for it have been let in


class Residents:
    """Knows who is on the device and for how long; changes nothing about anybody."""

    def __init__(self, questions: Questions) -> None:
        self.round = 0  # of looks at who wants what
        self._questions = questions
        self._stays: dict[Session, _Stay] = {}
        self._called: dict[Session, int] = {}  # the round in which an ask last wanted it

    def __contains__(self, session: Session) -> bool:
        return session in self._stays

    def __len__(self) -> int:
        return len(self._stays)

    def come(self, session: Session, now: float) -> None:
        """A session is on the device, or begins its turn anew."""
        before = self._stays.get(session)
        self._stays[session] = _Stay(now, before.waited, before.kept) if before else _Stay(now, now)

    def waited(self, session: Session, since: float, *, keeps: bool) -> None:
        """The lines of a session that came have waited; whether they keep the place now."""
        stay = self._stays[session]
        stay.waited, stay.kept = since, stay.since + STAY if keeps else stay.kept

    def owed(self, session: Session, now: float) -> float | None:
        """Since when the lines of a session wait for a turn; None: they had one, or are in."""
        if not session.computable or self._had_turn(session, now):
            return None
        return self._stays[session].waited

    def go(self, session: Session) -> None:
        self._stays.pop(session, None)

    def call(self, session: Session) -> None:
        """An ask wants the session."""
        self._called[session] = self.round

    @property
    def calmer(self) -> bool:
        """Whether an ask that wanted a session in the last round no longer does."""
        return self.round - 1 in self._called.values()

    def let_in(self, session: Session) -> None:
        """The asks that wait for the session may start now."""
        self._stays[session].open = True

    def forget(self, session: Session) -> None:
        self.go(session)
        self._called.pop(session, None)

    def charge(self, session: Session, seconds: float) -> None:
        """A session has used the device."""
        if session in self._stays:
            self._stays[session].used += seconds

    def need(self, session: Session, now: float) -> int:
        """The most urgent work of any session."""
        stay = self._stays.get(session)
        if session.held:
            return NOTHING
        lines = session.behind if stay else session.computable
        called = self._called.get(session, -2) >= self.round - 1
        if called and (stay is None or not stay.open or lines):
            return ASK
        if lines:
            return ASK if stay and self._keeps(session, now) else LINES
        running = session.promised > self._questions.prepared(session)
        due = self._questions.flash.due(session.name, now + (SOON if stay else 0))
        return FLASH if running or due else NOTHING

    def keeping(self, now: float) -> bool:
        """Whether anybody's lines keep their place against asks."""
        return any(self._keeps(session, now) for session in self._stays)

    def _keeps(self, session: Session, now: float) -> bool:
        kept = now < self._stays[session].kept and session.computable
        return kept and not self._had_turn(session, now)

    def resting(self, until: float = math.inf) -> Iterator[tuple[Session, float]]:
        """Who has had nothing to do since `until` or before, and since when; what is due later
        counts from then on."""
        for session, stay in self._stays.items():
            since = max(session.touched, stay.since)
            if since <= until and not session.pinned and not self._busy(session):
                dues = (item.due for item in self._questions.flash.due(session.name, math.inf))
                yield session, max(since, *(due or 0.0 for due in dues), 0.0)

    def _busy(self, session: Session) -> bool:
        """Whether anything runs on a session, or waits for it."""
        moves = session.behind or session.rebuilding or reserved(session) > session.limit
        runs = session.promised > self._questions.prepared(session)
        return session.held or moves or runs or self._called.get(session, -2) >= self.round - 1

    def victims(self, want: Want, missing: int, now: float) -> list[Session] | None:
        """Who makes room, `missing` cells, for another's work: who has less to do first, then
        the least recently used, pinned ones last.

        None: not enough of them may be moved now.
        """
        found = self._movable(want, missing)
        found = [item for item in found if self._yields(item, want.urgency, now)]
        found.sort(key=lambda item: (item.pinned, self.need(item, now), item.touched))
        return _enough(found, missing)

    def idle(self, session: Session, missing: int, now: float) -> list[Session] | None:
        """Who has nothing to do and gives back `missing` cells; None: not enough."""
        found = [item for item in self._others(session) if not item.pinned]
        found = [item for item in found if self._yields(item, NOTHING + 1, now)]
        idle = [item for item in found if self.need(item, now) == NOTHING]
        return _enough(sorted(idle, key=_last), missing)

    def leavers(self, want: Want, missing: int, now: float) -> list[Session]:
        """Whose running asks must be the last, beside those chosen before, so that `missing`
        cells come free."""
        others = [item for item in self._movable(want, missing) if item not in want.leavers]
        missing -= sum(reserved(item) for item in want.leavers if item in self._stays)
        missing -= sum(reserved(item) for item in others if self._yields(item, ASK, now))
        asking = [item for item in others if self._questions.asking(item)]
        asking = [item for item in asking if not self._keeps(item, now)]
        return (_enough(sorted(asking, key=_last), missing) or asking) if missing > 0 else []

    def asks_hold(self, want: Want, missing: int) -> bool:
        """Whether `missing` cells can come free only if sessions leave on which asks run."""
        found = [item for item in self._movable(want, missing) if not self._questions.asking(item)]
        return sum(map(reserved, found)) < missing

    def _movable(self, want: Want, missing: int) -> list[Session]:
        """Who may have to make room: for lines, pinned ones only where the rest is too little."""
        others = self._others(want.session)
        loose = [item for item in others if not item.pinned]
        spared = want.level < ASK and sum(map(reserved, loose)) >= missing
        return loose if spared else others

    def _others(self, session: Session) -> list[Session]:
        return [item for item in self._stays if item is not session]

    def _yields(self, session: Session, level: int, now: float) -> bool:
        """Whether a session makes room for work of a level."""
        if self._questions.asking(session):
            return False
        return self.need(session, now) < level or self._had_turn(session, now)

    def _had_turn(self, session: Session, now: float) -> bool:
        """What is computed anew comes back whole first: else it might never."""
        stay = self._stays[session]
        if session.replay is not None:
            return False
        return stay.used >= TURN or now - stay.since >= STAY


def reserved(session: Session) -> int:
    """The cells that a session on the device reserves, its next window included."""
    begun = session.next is not None and session.next.begun
    return session.limit * (2 if begun else 1)


def _last(session: Session) -> tuple[bool, float]:
    """Who goes first: the least recently used, pinned ones last."""
    return session.pinned, session.touched


def _enough(sessions: Iterable[Session], missing: int) -> list[Session] | None:
    """The first of `sessions` that give back as many cells; None: all together do not."""
    chosen = []
    for session in sessions:
        if missing <= 0:
            break
        chosen.append(session)
        missing -= reserved(session)
    return chosen if missing <= 0 else None
