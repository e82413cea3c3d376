"""One flash question, its newest answer and its hook."""

import time

import msgspec

from sticli import protocol
from sticli.daemon.disk.records import AnswerRecord, Moment, QuestionRecord
from sticli.daemon.hooks import Hook
from sticli.daemon.messages import AddFlash, Evaluated
from sticli.daemon.sessions import Session


class Standing:
    """One flash question with its newest answer."""

    def __init__(
        self, record: QuestionRecord, answer: AnswerRecord | None, name: str, usual: float
    ) -> None:
        self.record = record
        self.answer = answer
        self.usual = usual  # gap, unless one was asked for
        self.lead: float | None = None  # of a decision, between its two likeliest choices
        self.led = (0, 0)  # window and lines that it is of
        self.undecided = False  # the newest state leaves a decision open: it is not answered there
        self.leaving = False  # it is being removed
        self.hook = Hook(record.exec, f"{name}/{record.id}") if record.exec else None

    def fresh(self, session: Session) -> bool:
        """Whether the answer is that of what the cache holds now."""
        now = Moment(session.settled, session.settled_lines)
        return session.askable and self.holds(session, now)

    def holds(self, session: Session, moment: Moment) -> bool:
        """Whether the answer is that of this moment, seen through the present window."""
        answer = self.answer
        return (
            answer is not None
            and not self.undecided
            and (answer.window_from, answer.lines) == (session.window_from, moment.lines)
        )

    @property
    def gap(self) -> float:
        """Logits that the best choice of a decision must lead by."""
        return self.usual if self.record.gap is None else self.record.gap

    @property
    def decides(self) -> bool:
        """Whether it is a decision: the worker prepares it."""
        return self.record.form is not None and self.record.form.choices is not None

    def leave_open(self, message: Evaluated) -> None:
        """Hold that a decision's lead is too small to answer without decoding."""
        self.lead, self.undecided = message.confidence, True
        self.led = (message.window_from, message.lines)

    def distrust(self, model: str) -> None:
        """Hold an answer of another model than this one as seen by nobody."""
        if self.answer and self.answer.model != model:
            self.answer = msgspec.structs.replace(self.answer, lines=-1)

    def take(self, message: Evaluated, model: str) -> AnswerRecord:
        """Hold a new answer."""
        self.lead = message.confidence if self.decides else None
        self.led = (message.window_from, message.lines)
        self.undecided = False
        self.answer = AnswerRecord(
            session=self.record.session,
            id=self.record.id,
            value=message.text,
            version=message.version,
            lines=message.lines,
            model=model,
            window_from=message.window_from,
            confidence=message.confidence,
            evaluated_at=time.time(),
            device_ms=message.device_s * 1000,
            evaluations=(self.answer.evaluations if self.answer else 0) + 1,
            cached_tokens=message.cached_tokens,
            new_tokens=message.new_tokens,
            completion_tokens=message.completion_tokens,
            finish_reason=message.finish_reason,
            source=message.source,
        )
        return self.answer

    def message(self, name: str) -> AddFlash:
        record = self.record
        return AddFlash(
            session=name,
            id=record.id,
            question=record.question,
            max_tokens=record.max_tokens,
            debounce_ms=record.debounce_ms,
            form=record.form,
            gap=self.gap,
            born=record.created,
        )

    def public(self, session: Session) -> protocol.Flash:
        record, answer = self.record, self.answer
        return protocol.Flash(
            session=session.name,
            id=record.id,
            question=record.question,
            max_tokens=record.max_tokens,
            debounce_ms=record.debounce_ms,
            exec=record.exec,
            answer=answer.value if answer else None,
            fresh=self.fresh(session),
            version=answer.version if answer else None,
            confidence=answer.confidence if answer else None,
            evaluated_at=answer.evaluated_at if answer else None,
            device_ms=answer.device_ms if answer else None,
            evaluations=answer.evaluations if answer else 0,
            form=record.form,
            gap=self.gap,
            source=answer.source if answer else None,
            lead=self.lead if self.led == (session.window_from, session.settled_lines) else None,
        )
