"""Which asks start: those whose whole need is free, on sessions that are on the device.

Asks of one session start in turn; sessions do not wait for each other.
"""

from collections.abc import Callable, Mapping

from sticli.daemon import messages
from sticli.daemon.engines.base import Scores, Seq
from sticli.daemon.worker import replies
from sticli.daemon.worker.evaluation import Evaluation
from sticli.daemon.worker.point import Point
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.ready import Ready
from sticli.daemon.worker.replies import Lack
from sticli.daemon.worker.running import Running
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.usage import Usage
from sticli.daemon.worker.waiting import Queue, Waiting
from sticli.errors import SticliError

# brings a session to the device, if that can be done now; the last says whether somebody waits
Want = Callable[[Session, float, bool], bool]


class Admission:
    """Starts asks, or says what they wait for, or refuses them; whatever runs unasked gives way."""

    def __init__(
        self,
        queue: Queue,
        running: Running,
        evaluation: Evaluation,
        ready: Ready,
        scheduler: Scheduler,
        usage: Usage,
        sessions: Mapping[str, Session],
        want: Want,
        send: Callable[[messages.Outbound], None],
        refuse: Callable[[messages.Ask, SticliError], None],
        resume: Callable[[Question, Scores, float], None],
    ) -> None:
        self._queue = queue
        self._running = running
        self._evaluation = evaluation
        self._ready = ready
        self._scheduler = scheduler
        self._usage = usage
        self._sessions = sessions
        self._want = want
        self._send = send
        self._refuse = refuse
        self._resume = resume

    def admit(self, now: float) -> None:
        """Start the asks that can start; refuse those that never will, or waited for too long."""
        for session in self._scheduler.sessions:
            self._relieve(session, now)
        for name in self._queue.names():
            session, lack = self._sessions[name], None
            for item in self._queue.of(name):
                if item.stands(lack) and not self._queue.late(item, now):
                    continue  # there may be a thousand
                try:
                    lack = self._serve(session, item, lack, now)
                except SticliError as error:
                    self._queue.remove(item)
                    self._refuse(item.ask, error)

    def _relieve(self, session: Session, now: float) -> None:
        """Find cells for lines: what runs unasked gives way, and no ask takes what comes free."""
        while session.cramped and self._evaluation.yields(session, now):
            pass
        session.starved |= session.cramped

    def _serve(self, session: Session, item: Waiting, lack: Lack | None, now: float) -> Lack | None:
        """Start an ask unless it, or one before it, lacks something; returns what is lacked.

        Raises:
            SticliError: it cannot start, or not in time.
        """
        settled = item.settled(session)
        if not settled and not session.behind:  # its lines have not come
            item.since = None
            return lack
        if settled and self._take_over(session, item, now):
            return lack
        lack = lack or self._place(session, now)
        if settled and lack is None:
            lack = self._start(session, item, now)
            if lack is None:
                return None
        if not settled and lack in (None, "cells"):
            item.since = None
            self._scheduler.urgent(session)
        elif lack is not None:
            self._wait(session, item, lack, now)
        return lack

    def _place(self, session: Session, now: float) -> Lack | None:
        """What keeps every question from starting on a session."""
        if self._want(session, now, True):
            return None if session.askable else "restoring"
        return "restoring" if session.held or session.replay is not None else "place"

    def _wait(self, session: Session, item: Waiting, lack: Lack, now: float) -> None:
        """Say what an ask lacks, if that is news.

        Raises:
            SticliError: it lacked cells for too long.
        """
        if lack == "restoring":
            self._scheduler.urgent(session)
        news = item.lacks(lack, session, now)
        late = self._queue.late(item, now)
        if not news and not late:
            return
        others, left = list(self._sessions.values()), self._running.left
        text = replies.lacks(lack, session, item.need, left, others)
        if late:
            raise replies.too_late(text, now - item.asked)
        state = "restoring" if lack == "restoring" else "queued"
        self._send(messages.Waits(item.ask.id, state, text))

    def _start(self, session: Session, item: Waiting, now: float) -> Lack | None:
        """Fork and schedule an ask; what it lacks where that cannot be.

        Raises:
            SticliError: it never can.
        """
        if item.need > session.limit - session.length:
            raise replies.too_long(session, len(item.tail), item.most)
        if session.starved and session.length < session.fillable:
            self._scheduler.urgent(session)
            return "cells"
        if item.need > session.free + self._evaluation.held(session):
            return "cells"
        while not self._running.fits(session, item.need):
            if not self._evaluation.yields(session, now):
                return "cells"
        point = Point.of(session, item.ask.at)
        while (seq := self._running.fork(session, point)) is None:
            if not (self._evaluation.yields(session, now) or self._ready.frees(session)):
                return "cells"
        self._queue.remove(item)
        self._running.start(_question(session, item, seq, point))
        return None

    def _take_over(self, session: Session, item: Waiting, now: float) -> bool:
        """Go on from the fork that a decision prepared, where there is one; whether it was so."""
        ask = item.ask
        if not ask.decision or ask.at or not (session.askable and self._want(session, now, True)):
            return False
        found = self._ready.take(session, ask.decision, item.tail, item.most)
        if found is None:
            return False
        self._queue.remove(item)
        self._running.release(found.question)
        question = _question(
            session, item, found.question.seq, Point.now(session), prepaid=len(item.tail)
        )
        self._running.start(question)
        self._usage.count("ready_fallthroughs")
        self._resume(question, found.scores, now)
        return True


def _question(
    session: Session, item: Waiting, seq: Seq, point: Point, prepaid: int = 0
) -> Question:
    """The question of an ask; of its tail `prepaid` tokens are in the fork."""
    return Question(
        "ask",
        item.ask.id,
        session,
        seq,
        cached=point.length,
        tail=item.tail,
        max_tokens=item.most,
        one_line=session.frame.one_line,
        version=point.version,
        lines=point.lines,
        window_from=session.window_from,
        asked=item.asked,
        guide=item.guide,
        pieces=item.ask.pieces,
        prepaid=prepaid,
    )
