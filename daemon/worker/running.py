"""The questions that run: forks of their sessions, the cells promised to them, and their end."""

import logging

from sticli.daemon.engines.base import Engine, Exhausted, Seq
from sticli.daemon.worker.point import Point
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.usage import Usage
from sticli.errors import SticliError, failed

log = logging.getLogger(__name__)


class Running:
    """Whatever ends, for whatever reason, gives back its sequence and all its cells."""

    def __init__(self, engine: Engine, scheduler: Scheduler, usage: Usage) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._usage = usage
        self._questions: dict[Session, list[Question]] = {}
        self._promised = 0  # cells, to questions of all sessions

    def has(self, question: Question) -> bool:
        """Whether the question has not ended."""
        return question in self._questions.get(question.session, ())

    def of(self, session: Session, *sources: str) -> list[Question]:
        """The questions of these sources that run on a session, the oldest first."""
        return [item for item in self._questions.get(session, ()) if item.source in sources]

    def asks(self) -> list[Question]:
        """The asks that run, whatever their session."""
        return [item for session in self._questions for item in self.of(session, "ask")]

    @property
    def left(self) -> int:
        """Cells of the device that no session has reserved."""
        return self._engine.cells - self._engine.reserved

    def fits(self, session: Session, need: int) -> bool:
        """Whether `need` cells of a session are free."""
        assert session.seq is not None, "only a session on the device is asked"
        return need <= min(session.free, self._engine.free(session.seq))

    def fork(self, session: Session, point: Point) -> Seq | None:
        """A sequence for a question; None while others hold all that can be told apart.

        Raises:
            SticliError: nobody holds any, or the engine fails.
        """
        assert session.seq is not None, "only a session on the device is asked"
        try:
            return self._engine.fork(session.seq, point.length)
        except Exhausted as error:
            if session.promised or (self._engine.shares and self._promised):
                return None
            raise SticliError("busy", f"no question can start: {error}", "try again") from None
        except Exception as error:
            log.exception("session %s cannot be forked", session.name)
            raise failed("the question cannot start", error) from None

    def start(self, question: Question) -> None:
        """Promise its cells and schedule it."""
        self.promise(question)
        self._questions.setdefault(question.session, []).append(question)
        self._scheduler.start(question)

    def end(self, question: Question) -> None:
        """Give back its sequence and its cells."""
        self.pause(question)
        self.release(question)
        self._engine.drop(question.seq)
        self._usage.count("drafted", question.drafted)
        self._usage.count("accepted", question.accepted)

    def pause(self, question: Question) -> None:
        """Take it off the schedule; its sequence and its cells stay its own."""
        found = self._questions[question.session]
        found.remove(question)
        if not found:
            del self._questions[question.session]
        self._scheduler.end(question)

    def promise(self, question: Question) -> None:
        """Set its cells aside."""
        question.session.promised += question.need
        self._promised += question.need

    def release(self, question: Question) -> None:
        """Take back that promise."""
        question.session.promised -= question.need
        self._promised -= question.need
