"""The questions of all sessions: what the front says of them, and what becomes of each.

Admission starts the asks, evaluation the standing ones; whatever ends gives back every cell.
"""

import logging
from collections.abc import Callable, Mapping

from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, Scores, Vocabulary
from sticli.daemon.worker import replies
from sticli.daemon.worker.admission import Admission, Want
from sticli.daemon.worker.evaluation import Evaluation
from sticli.daemon.worker.flash import Flash, Standing
from sticli.daemon.worker.guide import Guide, Guides
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.ready import Ready
from sticli.daemon.worker.running import Running
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.usage import Usage
from sticli.daemon.worker.waiting import Queue, Waiting
from sticli.errors import SticliError, failed
from sticli.form import Form

log = logging.getLogger(__name__)


class Questions:
    """Takes questions in, steps them, and ends them."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        scheduler: Scheduler,
        usage: Usage,
        send: Callable[[messages.Outbound], None],
        sessions: Mapping[str, Session],
        want: Want,
        wait_s: float,
    ) -> None:
        self.flash = Flash()
        self._engine = engine
        self._vocabulary = vocabulary
        self._usage = usage
        self._send = send
        self._sessions = sessions
        self._want = want
        self._gave_up = False
        self._guides = Guides(vocabulary)
        self._waiting = Queue(wait_s)
        self._running = Running(engine, scheduler, usage)
        self._ready = Ready(engine, self._running)
        self._evaluation = Evaluation(
            self.flash, self._running, self._ready, self._guides, vocabulary, self._skipped
        )
        self._admission = Admission(
            self._waiting,
            self._running,
            self._evaluation,
            self._ready,
            scheduler,
            usage,
            sessions,
            want,
            send,
            self._refuse,
            self._resume,
        )

    def runs(self, question: Question) -> bool:
        """Whether the question has not ended."""
        return self._running.has(question)

    def asking(self, session: Session) -> bool:
        """Whether asks run on a session."""
        return bool(self._running.of(session, "ask"))

    def prepared(self, session: Session) -> int:
        """Cells of a session that prepared decisions hold."""
        return self._ready.cells(session)

    @property
    def prepared_everywhere(self) -> int:
        """Cells of all sessions that prepared decisions hold."""
        return self._ready.total

    @property
    def waiting(self) -> int:
        """Asks that have not started."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Asks that run."""
        return len(self._running.asks())

    def next_due(self, after: float) -> float | None:
        """When, after a time, a standing question is due, or an ask has waited for too long."""
        times = (self.flash.next_due(after), self._waiting.next_due())
        return min((time for time in times if time is not None), default=None)

    def ask(self, ask: messages.Ask, now: float) -> None:
        """Queue an ask until `admit` can start it."""
        session = self._sessions.get(ask.session)
        try:
            if session is None:
                raise replies.not_live(ask.session)
            tail = session.frame.tail(ask.question, self._vocabulary)
            guide, most = self._form(session, ask.form, ask.max_tokens)
            self._waiting.add(Waiting(ask, tail, most, now, guide))
        except SticliError as error:
            self._refuse(ask, error)

    def _form(self, session: Session, form: Form | None, most: int) -> tuple[Guide | None, int]:
        """What an answer must look like, and the tokens that it may take.

        Raises:
            SticliError: bad_request: no answer can have this form.
        """
        if form is None:
            return None, most
        guide = self._guides.start(form, one_line=session.frame.one_line)
        return guide, guide.need or most

    def cancel(self, id: int) -> None:
        """Drop an ask, wherever it is; nothing is sent."""
        self._waiting.cancel(id)
        for question in self._running.asks():
            if question.id == id:
                self._running.end(question)

    def add_flash(self, message: messages.AddFlash, now: float) -> None:
        """Register a standing question; it is evaluated at once where its session is ready."""
        session = self._sessions.get(message.session)
        if session is None:
            return
        self.remove_flash(message.session, message.id)
        try:
            _, most = self._form(session, message.form, max(1, message.max_tokens))
        except SticliError as error:
            self._skipped(session, message.id, error)
            return
        standing = Standing(
            message.id,
            tuple(session.frame.tail(message.question, self._vocabulary)),
            most,
            message.debounce_ms / 1000,
            now if session.restored else None,
            message.form,
            message.gap,
            message.born,
        )
        self.flash.add(message.session, standing)

    def remove_flash(self, name: str, id: str) -> None:
        """Forget a standing question, and its evaluation."""
        self.flash.remove(name, id)
        session = self._sessions.get(name)
        if session is not None:
            self._evaluation.forget(session, id)

    def outdate(self, session: Session) -> None:
        """Give up what was prepared for a state that the session is no longer in."""
        self._ready.outdate(session)

    def give_way(self, session: Session, now: float) -> None:
        """End all that runs unasked on a session; it begins again when it can."""
        self._evaluation.give_way(session, now)

    def close(self, session: Session, reason: SticliError) -> None:
        """End all questions of a session; those who wait for an answer are told why."""
        self.flash.close(session.name)
        self._ready.close(session)
        for item in self._waiting.of(session.name):
            self._waiting.remove(item)
            self._refuse(item.ask, reason)
        for question in self._running.of(session, "ask", "flash", "ready"):
            self.fail(question, reason)

    def admit(self, now: float) -> None:
        """Start the asks that can start; refuse those that never will, or waited for too long."""
        self._admission.admit(now)

    def evaluate(self, now: float) -> bool:
        """Start every due standing question that finds its cells; whether any started."""
        started = False
        for name in self.flash.sessions(now):
            session = self._sessions[name]
            if not session.restored or self._waiting.lacking(name):
                continue
            if self._want(session, now, False) and session.askable:
                started |= self._evaluation.start(session, now)
        return started

    def stirred(self) -> bool:
        """Whether any were given up since the last call: who waited for them may go on."""
        gave_up, self._gave_up = self._gave_up, False
        return gave_up

    def advance(self, question: Question, count: int, scores: Scores | None, now: float) -> None:
        """Take in what a pass computed for a question.

        Raises:
            ValueError: the scores are no numbers.
            SticliError: nothing goes on with the form of the answer.
        """
        if question.source == "ready":
            question.length += count
            if scores is not None:
                self._send(self._evaluation.decide(question, scores))
                self._usage.count("ready_evaluations")
            return
        filled = question.length + count
        piece = question.advance(count, scores, self._vocabulary, now)
        if piece and question.pieces:
            self._send(messages.Piece(int(question.id), piece))
        if question.finish:
            self._finish(question, now)
        elif question.length < filled:  # guesses that were wrong
            self._engine.cut(question.seq, question.length)

    def _resume(self, question: Question, scores: Scores, now: float) -> None:
        """Go on from the scores that follow a question whose tail was computed before."""
        try:
            self.advance(question, 0, scores, now)
        except SticliError as error:
            self.fail(question, error)
        except ValueError as error:
            self.fail(question, failed("the computation failed", error))

    def _finish(self, question: Question, now: float) -> None:
        """Say the answer first: to give back the cells takes a while that nobody waits for."""
        if question.source == "ask":
            self._send(replies.done(question, now))
            self._usage.count("questions")
        else:
            self._send(replies.evaluated(question))
            self._usage.count("flash_evaluations")
        self._running.end(question)

    def fail(self, question: Question, error: SticliError) -> None:
        """End a question that cannot be answered."""
        self._running.end(question)
        if question.source == "ask":
            self._failed(int(question.id), question.session.name, error)
        else:
            self._skipped(question.session, str(question.id), error)

    def _skipped(self, session: Session, id: str, error: SticliError) -> None:
        self._gave_up = True
        self._usage.count("flash_skipped")
        log.warning("flash %s of %s: %s", id, session.name, error)

    def _refuse(self, ask: messages.Ask, error: SticliError) -> None:
        self._usage.count("questions_refused", error.code == "budget_exceeded")
        self._failed(ask.id, ask.session, error)

    def _failed(self, id: int, session: str, error: SticliError) -> None:
        self._gave_up = True
        self._usage.count("questions_failed")
        self._send(messages.Failed(id, session, error.code, error.message, error.hint))
