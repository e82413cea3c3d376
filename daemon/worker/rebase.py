"""Moves full sessions on to their next window, while questions are served from the old one."""

import logging
from collections.abc import Callable, Mapping

from sticli.daemon.engines.base import Engine, Exhausted
from sticli.daemon.worker.ladder import Ladder
from sticli.daemon.worker.prefix import Prefixes
from sticli.daemon.worker.questions import Questions
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.usage import Usage

log = logging.getLogger(__name__)

SLICE = 16 << 10  # characters tokenised at once while a session catches up: milliseconds


class Rebase:
    """Begins next windows, and puts them in the place of the old ones once they are filled."""

    def __init__(
        self,
        engine: Engine,
        prefixes: Prefixes,
        scheduler: Scheduler,
        questions: Questions,
        ladder: Ladder,
        usage: Usage,
        sessions: Mapping[str, Session],
        progress: Callable[[Session, float], None],
    ) -> None:
        self._engine = engine
        self._prefixes = prefixes
        self._scheduler = scheduler
        self._questions = questions
        self._ladder = ladder
        self._usage = usage
        self._sessions = sessions
        self._progress = progress

    def prepare(self, now: float) -> bool:
        """Begin the windows that come next; whether there is more to tokenise before."""
        more = False
        for session in list(self._sessions.values()):
            if session.next is not None and not session.next.begun and not session.held:
                session.tokenise(1 << 62, SLICE)
                more |= session.catching_up
                if not session.catching_up:
                    self._begin(session, session.next, now)
        return more

    def _begin(self, session: Session, successor: Successor, now: float) -> None:
        """Give the next window a sequence of its own, or the present one where there is none."""
        if session.seq is None:  # it waits for a place
            return
        if self._open(session, successor, now):
            self._scheduler.successors.append(successor)
            session.rebuilding &= not session.complete  # there is room by now: it is served again
            self._progress(session, now)
            return
        session.rebuilding = True
        self._questions.give_way(session, now)
        if not session.promised:  # asks that run are served to their end
            self._engine.cut(session.seq, 0)
            successor.seq = session.seq
            session.journal = max(session.journal, session.arrived)
            session.ledger.note("rebuilt in place: there were no cells for two windows")
            self._adopt(session, now)

    def _open(self, session: Session, successor: Successor, now: float) -> bool:
        if not self._ladder.room(session, now):
            return False
        try:
            adopted = self._prefixes.succeed(successor)
        except Exhausted:
            return False
        except Exception:
            log.exception("session %s finds no cells for its next window", session.name)
            return False
        session.ledger.shared += adopted.tokens if adopted else 0
        session.ledger.shared_from = adopted.source if adopted else session.ledger.shared_from
        return True

    def advance(self, successor: Successor, count: int, now: float) -> None:
        """Take in that `count` more tokens of a next window are in the cache."""
        successor.length += count
        successor.session.ledger.computed += count
        if successor.done:
            old = successor.session.seq
            assert old is not None, "the next window goes when the session does"
            self._scheduler.successors.remove(successor)
            self._adopt(successor.session, now)
            self._engine.drop(old)

    def _adopt(self, session: Session, now: float) -> None:
        session.adopt()
        session.ledger.rebases += 1
        self._usage.count("rebases")
        if session.behind:
            self._scheduler.behind(session)
        if session.askable:  # the same version, seen through another window
            self._questions.flash.settled(session.name, now)
        self._progress(session, now)
