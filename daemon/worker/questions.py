"""The questions of all sessions: asks that wait, whatever runs, and what becomes of it.

Admission is by cells: a question starts only when all that it may need is free.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, Exhausted, Logits, Vocabulary
from sticli.daemon.worker import replies
from sticli.daemon.worker.flash import Flash, Standing
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.usage import Usage
from sticli.errors import SticliError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An ask that has not started."""

    ask: messages.Ask
    tail: list[int]
    asked: float

    @property
    def need(self) -> int:
        return len(self.tail) + self.ask.max_tokens


class Questions:
    """Starts questions as forks of their sessions, and ends them with every cell given back."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        scheduler: Scheduler,
        usage: Usage,
        send: Callable[[messages.Outbound], None],
        sessions: Mapping[str, Session],
    ) -> None:
        self.flash = Flash()
        self._engine = engine
        self._vocabulary = vocabulary
        self._scheduler = scheduler
        self._usage = usage
        self._send = send
        self._sessions = sessions
        self._waiting: list[Waiting] = []
        self._running: list[Question] = []

    def runs(self, question: Question) -> bool:
        """Whether the question has not ended."""
        return question in self._running

    def ask(self, ask: messages.Ask, now: float) -> None:
        """Queue an ask until `admit` can start it."""
        session = self._sessions.get(ask.session)
        if session is None:
            self._refuse(ask, replies.not_live(ask.session))
            return
        tail = session.frame.tail(ask.question, self._vocabulary)
        self._waiting.append(Waiting(ask, tail, now))

    def cancel(self, id: int) -> None:
        """Drop an ask, wherever it is; nothing is sent."""
        self._waiting = [item for item in self._waiting if item.ask.id != id]
        for question in list(self._running):
            if question.source == "ask" and question.id == id:
                self._end(question)

    def add_flash(self, message: messages.AddFlash, now: float) -> None:
        """Register a standing question; it is evaluated at once where its session is ready."""
        session = self._sessions.get(message.session)
        if session is None:
            return
        tail = tuple(session.frame.tail(message.question, self._vocabulary))
        due = now if session.restored else None
        debounce = message.debounce_ms / 1000
        standing = Standing(message.id, tail, max(1, message.max_tokens), debounce, due)
        self._end_flash(message.session, message.id)
        self.flash.add(message.session, standing)

    def remove_flash(self, session: str, id: str) -> None:
        """Forget a standing question, and its evaluation."""
        self.flash.remove(session, id)
        self._end_flash(session, id)

    def give_way(self, session: Session, now: float) -> None:
        """End the standing questions of a session that run; they begin again when they can."""
        for question in list(self._running):
            if question.source == "flash" and question.session is session:
                self._end(question)
                self.flash.settled(session.name, now)

    def _end_flash(self, session: str, id: str) -> None:
        for question in list(self._running):
            if (question.source, question.session.name, question.id) == ("flash", session, id):
                self._end(question)

    def close(self, session: Session, reason: SticliError) -> None:
        """End all questions of a session; those who wait for an answer are told why."""
        self.flash.close(session.name)
        for item in [item for item in self._waiting if item.ask.session == session.name]:
            self._waiting.remove(item)
            self._refuse(item.ask, reason)
        for question in [item for item in self._running if item.session is session]:
            self.fail(question, reason)

    def admit(self) -> None:
        """Start the asks that can start; refuse those that never will."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        for item in waiting:
            try:
                if not self._start_ask(item):
                    self._waiting.append(item)
            except SticliError as error:
                self._refuse(item.ask, error)

    def _start_ask(self, item: Waiting) -> bool:
        """Whether it started; False while it has to wait.

        Raises:
            SticliError: it never can.
        """
        session = self._sessions[item.ask.session]
        if not session.askable:
            return False
        if session.version < item.ask.min_version:
            if session.full and not session.behind:
                raise replies.never_settles(session, item.ask.min_version)
            return False
        if item.need > session.limit - session.length:
            raise replies.too_long(session, len(item.tail), item.ask.max_tokens)
        ask = item.ask
        return self._start("ask", ask.id, session, item.tail, ask.max_tokens, item.asked)

    def _start(
        self,
        source: str,
        id: int | str,
        session: Session,
        tail: list[int],
        max_tokens: int,
        now: float,
    ) -> bool:
        """Fork and schedule a question; False while others hold the cells that it needs.

        Raises:
            SticliError: the engine takes no more questions, and none runs that would end.
        """
        if len(tail) + max_tokens > min(session.free, self._engine.free(session.seq)):
            return False
        try:
            seq = self._engine.fork(session.seq, session.settled)
        except Exhausted as error:
            if session.promised:
                return False
            raise SticliError("busy", f"no question can start: {error}", "try again") from None
        except Exception as error:
            log.exception("session %s cannot be forked", session.name)
            raise SticliError("internal", f"the question cannot start: {error}") from None
        question = Question(
            "ask" if source == "ask" else "flash",
            id,
            session,
            seq,
            cached=session.settled,
            tail=tail,
            max_tokens=max_tokens,
            one_line=session.frame.one_line,
            version=session.version,
            lines=session.lines,
            window_from=session.window_from,
            asked=now,
        )
        session.promised += question.need
        self._running.append(question)
        self._scheduler.start(question)
        return True

    def evaluate(self, now: float) -> bool:
        """Start every due flash question that finds its cells; whether any started."""
        started = False
        running = {(one.session.name, one.id) for one in self._running if one.source == "flash"}
        for session in self._sessions.values():
            for standing in self.flash.due(session.name, now) if session.askable else ():
                if (session.name, standing.id) not in running:  # answers come in order
                    started |= self._start_flash(session, standing, now)
        return started

    def _start_flash(self, session: Session, standing: Standing, now: float) -> bool:
        tail, most = list(standing.tail), standing.max_tokens
        try:
            if len(tail) + most > session.limit - session.length:
                raise replies.too_long(session, len(tail), most)
            started = self._start("flash", standing.id, session, tail, most, now)
        except SticliError as error:
            self._usage.count("flash_skipped")
            log.warning("flash %s of %s skipped: %s", standing.id, session.name, error)
            self.flash.started(session.name, standing.id)
            return False
        if started:
            self.flash.started(session.name, standing.id)
        return started

    def advance(self, question: Question, count: int, logits: Logits | None, now: float) -> None:
        """Take in what a pass computed for a question.

        Raises:
            ValueError: the logits are no numbers.
        """
        piece = question.advance(count, logits, self._vocabulary, now)
        if piece and question.source == "ask":
            self._send(messages.Piece(int(question.id), piece))
        if question.finish:
            self._send(
                replies.done(question, now)
                if question.source == "ask"
                else replies.evaluated(question)
            )
            self._end(question)
            self._usage.count("questions" if question.source == "ask" else "flash_evaluations")

    def fail(self, question: Question, error: SticliError) -> None:
        """End a question that cannot be answered."""
        self._end(question)
        if question.source == "ask":
            self._failed(int(question.id), question.session.name, error)
        else:
            self._usage.count("flash_skipped")
            log.warning("flash %s of %s: %s", question.id, question.session.name, error)

    def _end(self, question: Question) -> None:
        self._running.remove(question)
        self._scheduler.end(question)
        question.session.promised -= question.need
        self._engine.drop(question.seq)

    def _refuse(self, ask: messages.Ask, error: SticliError) -> None:
        self._failed(ask.id, ask.session, error)

    def _failed(self, id: int, session: str, error: SticliError) -> None:
        self._usage.count("questions_failed")
        self._send(messages.Failed(id, session, error.code, error.message, error.hint))
