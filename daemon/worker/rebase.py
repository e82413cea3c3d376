"""Moves full sessions on to their next window, while questions are served from the old one."""

from collections.abc import Callable, Mapping

from sticli.daemon.engines.base import Engine, Exhausted
from sticli.daemon.worker.questions import Questions
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.usage import Usage

SLICE = 16 << 10  # characters tokenised at once while a session catches up: milliseconds


class Rebase:
    """Begins next windows, and puts them in the place of the old ones once they are filled."""

    def __init__(
        self,
        engine: Engine,
        scheduler: Scheduler,
        questions: Questions,
        usage: Usage,
        sessions: Mapping[str, Session],
        progress: Callable[[Session, float], None],
    ) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._questions = questions
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
        """Give the next window a sequence of its own, or the present one where none is left."""
        try:
            successor.seq = self._engine.open(session.limit)
        except Exhausted:
            session.rebuilding = True
            self._questions.give_way(session, now)
            if not session.promised:  # asks that run are served to their end
                self._engine.cut(session.seq, 0)
                successor.seq = session.seq
                session.journal = max(session.journal, session.arrived)
                self._adopt(session, now)
        else:
            self._scheduler.successors.append(successor)

    def advance(self, successor: Successor, count: int, now: float) -> None:
        """Take in that `count` more tokens of a next window are in the cache."""
        successor.length += count
        if successor.done:
            old = successor.session.seq
            self._scheduler.successors.remove(successor)
            self._adopt(successor.session, now)
            self._engine.drop(old)

    def _adopt(self, session: Session, now: float) -> None:
        session.adopt()
        self._usage.count("rebases")
        if session.behind:
            self._scheduler.behind(session)
        if session.askable:  # the same version, seen through another window
            self._questions.flash.settled(session.name, now)
        self._progress(session, now)
