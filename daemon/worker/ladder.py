"""Who gets a place on the device: sessions with work come in, others make room for them.

A waiting session takes the place of one that has less urgent work, or had its turn; never that of
one on which asks run: for an ask, or lines that waited for too long, these are the last asks there.
How cells move is left to the rungs.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping

from sticli.daemon.engines.base import Engine, Exhausted
from sticli.daemon.worker.questions import Questions
from sticli.daemon.worker.replay import Replay
from sticli.daemon.worker.residents import STAY, Residents
from sticli.daemon.worker.rungs import Rungs
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.want import ASK, FLASH, LINES, NOTHING, Want
from sticli.errors import SticliError, failed

log = logging.getLogger(__name__)


class Ladder:
    """Gives places on the device, the most urgent and then the oldest want first."""

    def __init__(
        self,
        engine: Engine,
        rungs: Rungs,
        scheduler: Scheduler,
        questions: Questions,
        sessions: Mapping[str, Session],
        progress: Callable[[Session, float], None],
        give_up: Callable[[str, SticliError], None],
        spill_s: float,
    ) -> None:
        self._engine = engine
        self._rungs = rungs
        self._scheduler = scheduler
        self._questions = questions
        self._sessions = sessions
        self._progress = progress
        self._give_up = give_up
        self._spill_s = spill_s  # of rest, after which a session leaves; 0: never
        self._residents = Residents(questions)
        self._wants: dict[Session, Want] = {}  # the oldest first
        self._stuck = NOTHING  # the urgency of the want that found no room in this round
        self._moved = False
        self._lost: list[tuple[Session, SticliError]] = []  # to be given up in the next round

    def want(self, session: Session, now: float, urgent: bool) -> bool:
        """Whether a session is on the device and may be asked; else what can be done is done."""
        if session.held:
            return False
        if urgent:
            self._residents.call(session)
        if session not in self._residents:
            self._line_up(session, max(FLASH, self._residents.need(session, now)), now)
        if urgent and session in self._residents and not _whole(session):
            self._scheduler.urgent(session)
        if session.seq is None or session.leaving:
            return False
        if urgent:
            self._residents.let_in(session)
        return True

    def _line_up(self, session: Session, level: int, now: float) -> None:
        want = self._wants.setdefault(session, Want(session))
        want.raise_to(level, now)
        if self._passes(want):
            self._give_places(level, now)

    def serve(self, now: float) -> None:
        """Begin a round: see who wants a place, and give what can be given.

        Flash questions get theirs when they could run: once nothing more urgent is left to do.
        """
        self._residents.round += 1
        self._give_up_lost()
        for session in self._sessions.values():
            if session not in self._residents and (session.behind or session in self._wants):
                self._look(session, self._residents.need(session, now), now)
        self._insist(now)
        self._stuck = NOTHING
        self._give_places(LINES, now)

    def _look(self, session: Session, level: int, now: float) -> None:
        """Note what a session that is elsewhere wants now."""
        if level == NOTHING:
            self._withdraw(session)
        elif level > FLASH or session in self._wants:
            want = self._wants.setdefault(session, Want(session))
            want.set(level, now)
            if not want.calls:
                self._let_stay(want)

    def _insist(self, now: float) -> None:
        """Let lines that asks keep out for too long count as one: a single session's at a time,
        behind the asks that wait, so that each of these waits for one such turn at most."""
        if self._turn(now):
            return
        for want in list(self._wants.values()):
            if want.late(now, STAY) and self._shut_out(want):
                want.insists = True
                self._wants[want.session] = self._wants.pop(want.session)
                return

    def _turn(self, now: float) -> bool:
        """Whether it is the turn of lines that waited for too long."""
        insists = any(want.insists for want in self._wants.values())
        return insists or self._residents.keeping(now)

    def _shut_out(self, want: Want) -> bool:
        """Whether asks keep a session out: those that wait, or those that run."""
        return self._stuck == ASK or self._residents.asks_hold(want, self._missing(want.session))

    def stirred(self) -> bool:
        """Whether anybody moved since the last call, or an ask keeps those who wait no longer:
        then there may be more to do."""
        moved, self._moved = self._moved, False
        return moved or (bool(self._wants) and self._residents.calmer)

    def _give_places(self, level: int, now: float) -> None:
        """Place those who wait for work of a level at least."""
        waiting = [want for want in self._wants.values() if want.urgency >= level]
        for want in sorted(waiting, key=lambda want: -want.urgency):
            if self._passes(want) and not self._place(want, now):
                self._stuck = max(self._stuck, want.urgency)

    def _passes(self, want: Want) -> bool:
        """Whether a want is next, or behind one for which there is no room, but needs nobody's
        place; what comes free is first for asks."""
        return want.urgency > self._stuck or (
            self._stuck < ASK and self._missing(want.session) <= 0
        )

    def _place(self, want: Want, now: float) -> bool:
        """Bring a session in; False while there is no room, or not yet."""
        missing = self._missing(want.session)
        if missing > 0 and not self._clear(want, missing, now):
            return False
        return self._enter(want, now)

    def _clear(self, want: Want, missing: int, now: float) -> bool:
        """Let others make room for a session; False while too few of them may be moved."""
        leaving = self._residents.victims(want, missing, now)
        if leaving is None:
            if want.calls:
                self._call_out(want, missing, now)
            return False
        self._spill(leaving, _needs(want.session), now)
        return True

    def _missing(self, session: Session) -> int:
        """Cells that a session needs beyond those that are free."""
        return session.limit - (self._engine.cells - self._engine.reserved)

    def _call_out(self, want: Want, missing: int, now: float) -> None:
        """Choose whose running asks are the last, so that the wait has an end."""
        for session in self._residents.leavers(want, missing, now):
            session.leaving = True
            want.leavers.append(session)

    def _let_stay(self, want: Want) -> None:
        for session in want.leavers:
            session.leaving = False
        want.leavers = []

    def rest(self, now: float) -> None:
        """Let those leave the device whom nobody has needed for long, where their cells can be
        kept: to compute them again would cost more than they take."""
        until = now - self._spill_s if self._spill_s else -math.inf
        late = [item for item, since in self._residents.resting(until) if since <= until]
        kept = [item for item in late if self._rungs.lodges(item)]
        self._spill(kept, f"nobody needed it for {self._spill_s:g} s", now)

    def rests(self, after: float) -> float | None:
        """When, after a time, the next of them will have rested for so long; None: nobody."""
        if not self._spill_s:
            return None
        dues = (since + self._spill_s for _, since in self._residents.resting())
        return min((due for due in dues if due > after), default=None)

    def _spill(self, leaving: Iterable[Session], reason: str, now: float) -> None:
        for session in leaving:
            self._questions.give_way(session, now)
            self._scheduler.close(session)
            if (since := self._residents.owed(session, now)) is not None:
                self._wants[session] = Want(session, LINES, since)
            self._residents.go(session)
            self._rungs.leave(session, reason)
            self._moved = True

    def _enter(self, want: Want, now: float) -> bool:
        """Put a session in the free cells; False where the engine has less than it says."""
        session = want.session
        try:
            self._rungs.enter(session)
        except Exhausted as error:
            return self._no_memory(want, error, now)
        except Exception as error:
            log.exception("session %s cannot be brought to the device", session.name)
            self._lose(session, failed("no cells", error))
            return True
        keeps = want.insists or (want.late(now, STAY) and not self._turn(now))
        self._withdraw(session)
        self._residents.come(session, now)
        if want.level >= LINES:
            self._residents.waited(session, want.since, keeps=keeps)
        self._moved = True
        if session.behind:
            self._scheduler.behind(session)
        self._progress(session, now)
        return True

    def _no_memory(self, want: Want, error: Exhausted, now: float) -> bool:
        """The machine has less than the budget says: others leave one by one, or it is given up."""
        self._stuck = ASK
        if len(self._residents):
            self._clear(want, 1, now)
            return False
        session = want.session
        reason = f"session {session.name} needs {session.limit:,} cells: {error}"
        hint = "give it a lower limit, or free memory"
        self._lose(session, SticliError("budget_exceeded", reason, hint))
        return True

    def _lose(self, session: Session, error: SticliError) -> None:
        self._withdraw(session)
        self._lost.append((session, error))
        self._moved = True

    def _give_up_lost(self) -> None:
        """Tell who could not come: not at once, for whoever wanted it may be looking at it."""
        lost, self._lost = self._lost, []
        for session, error in lost:
            if self._sessions.get(session.name) is session:
                self._give_up(session.name, error)

    def _withdraw(self, session: Session) -> None:
        want = self._wants.pop(session, None)
        if want is not None:
            self._let_stay(want)

    def room(self, session: Session, now: float) -> bool:
        """Whether there are cells for a session's next window; idle sessions make room for it."""
        missing = self._missing(session)
        leaving = self._residents.idle(session, missing, now) if missing > 0 else []
        urgent = any(want.level > FLASH for want in self._wants.values())
        if leaving is None or (leaving and urgent):
            return False
        self._spill(leaving, _needs(session), now)
        return self._missing(session) <= 0

    def charge(self, session: Session, count: int) -> None:
        """A session computes `count` more tokens in its turn."""
        self._residents.charge(session, self._scheduler.cost.marginal(session.length, count))

    def advance(self, replay: Replay, count: int, now: float) -> None:
        """Take in that `count` more tokens of a replay are in the cache."""
        session = replay.session
        replay.length += count
        session.ledger.computed += count
        if replay.done:
            session.seq, session.replay = replay.seq, None
            self._residents.come(session, now)

    def forget(self, session: Session) -> None:
        """A session is gone: its place and its cells are free."""
        self._withdraw(session)
        self._residents.forget(session)
        for want in self._wants.values():
            want.leavers = [item for item in want.leavers if item is not session]
        self._rungs.forget(session)


def _needs(session: Session) -> str:
    return f"session {session.name} needed {session.limit:,} cells"


def _whole(session: Session) -> bool:
    """Whether a session is as it was, or as its journal is."""
    return session.restored and session.replay is None and not session.rebuilding
