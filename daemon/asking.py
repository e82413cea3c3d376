"""How a question gets its answer: from what is known of this very state, or from the worker."""

import time
from collections import Counter

import msgspec

from sticli import protocol
from sticli.daemon import answering
from sticli.daemon.answers import Answers
from sticli.daemon.asks import Asks, Say
from sticli.daemon.checks import check_ask
from sticli.daemon.disk.records import Moment
from sticli.daemon.messages import Ask
from sticli.daemon.repeats import Repeats
from sticli.daemon.sessions import Session, Sessions
from sticli.daemon.standing import Standing
from sticli.daemon.store import Store
from sticli.errors import SticliError

COUNTED = {"flash": "flash_hits", "ready": "ready_exits", "repeat": "repeats"}


class Asking:
    """Answers of standing questions and of before; everything else goes to the worker."""

    def __init__(
        self,
        sessions: Sessions,
        answers: Answers,
        repeats: Repeats,
        asks: Asks,
        store: Store,
        counters: Counter[str],
    ) -> None:
        self._sessions = sessions
        self._answers = answers
        self._repeats = repeats
        self._asks = asks
        self._store = store
        self._counters = counters
        counters.update(asks=0, **dict.fromkeys(COUNTED.values(), 0))

    def at_once(self, name: str, request: protocol.Ask) -> protocol.Answer | None:
        """The answer, when it is known and good enough, without the worker and without waiting.

        Raises:
            SticliError: not_found, bad_request, too_large; not_fresh where only a known answer
                is wanted.
        """
        session = self._sessions.get(name)
        check_ask(request)
        found = None if request.live or request.at is not None else self._found(session, request)
        if request.known and not found:
            raise _unknown(session)
        self._counters["asks"] += 1
        return found

    def _found(self, session: Session, request: protocol.Ask) -> protocol.Answer | None:
        ask, standing = self._meant(session, request)
        now = Moment(session.settled, session.settled_lines)
        return self._held(session, ask, standing, now) or self._aged(session, ask, standing)

    async def answer(self, name: str, request: protocol.Ask, say: Say) -> protocol.Answer:
        """The answer; before that what is waited for, and its pieces where they are wanted, are
        said.

        Raises:
            SticliError: not_found, bad_request, worker_down, budget_exceeded,
                context_length_exceeded.
        """
        began = time.monotonic()
        session = self._sessions.get(name)
        ask, standing = self._meant(session, request)
        _check_version(session, ask.min_version)
        moment = await self._moment(session, ask.at) if ask.at else None
        if moment and (held := self._held(session, ask, standing, moment)):
            return held
        session.last_used = time.time()
        message = _message(session, ask, standing, moment)
        done = await self._asks.run(session, message, say)
        self._repeats.keep(session, ask, done)
        return answering.live(session, ask.question, done, time.monotonic() - began)

    def _meant(
        self, session: Session, request: protocol.Ask
    ) -> tuple[protocol.Ask, Standing | None]:
        """The request with its question spelt out, and the flash question that it is, if any.

        Who asks for no form takes that of the flash question; another form is another question.
        """
        standing = self._answers.find(session, request.question)
        if standing is None:
            return request, None
        record = standing.record
        form = request.form or record.form
        ask = msgspec.structs.replace(request, question=record.question, form=form)
        return ask, standing if form == record.form else None

    def _held(
        self, session: Session, ask: protocol.Ask, standing: Standing | None, moment: Moment
    ) -> protocol.Answer | None:
        """The answer of exactly this moment, which somebody or something asked before."""
        if ask.live or not session.askable or moment.version < (ask.min_version or 0):
            return None
        fresh = moment.lines == session.settled_lines
        if standing and standing.answer and standing.holds(session, moment):
            found, source = standing.answer, standing.answer.source
            return self._known(answering.known(session, ask.question, found, source, fresh))
        if done := self._repeats.find(session, ask, moment.lines):
            return self._known(answering.known(session, ask.question, done, "repeat", fresh))
        return None

    def _aged(
        self, session: Session, ask: protocol.Ask, standing: Standing | None
    ) -> protocol.Answer | None:
        """The newest answer of a flash question, when it is young enough for the asker."""
        answer = standing.answer if standing else None
        if answer is None or answer.lines < 0:  # none, or another model's
            return None
        if ask.max_age is None or answer.version < (ask.min_version or 0):
            return None
        age = time.time() - answer.evaluated_at
        if not 0 <= age <= ask.max_age:  # below 0 the clock was set back: nobody knows how old
            return None
        return self._known(answering.known(session, ask.question, answer, answer.source, False))

    def _known(self, answer: protocol.Answer) -> protocol.Answer:
        self._counters[COUNTED[answer.source]] += 1
        return answer

    async def _moment(self, session: Session, at: protocol.At) -> Moment:
        moment = await self._store.moment(session.record, at)
        if session.window_from and moment.lines <= session.window_from:
            raise _gone(session, moment)
        return moment


def _message(
    session: Session, ask: protocol.Ask, standing: Standing | None, moment: Moment | None
) -> Ask:
    """The worker's part; its id is still to come."""
    prepared = standing is not None and standing.decides and not ask.live and moment is None
    return Ask(
        id=0,
        session=session.name,
        question=ask.question,
        max_tokens=ask.max_tokens,
        min_version=max(ask.min_version or 0, moment.version if moment else 0),
        form=ask.form,
        at=(moment.version, moment.lines) if moment else None,
        decision=standing.record.id if prepared and standing else "",
        pieces=ask.stream and ask.pieces,
    )


def _unknown(session: Session) -> SticliError:
    return SticliError(
        "not_fresh",
        f"no answer to this question is there for version {session.version} of session"
        f" {session.name!r}",
        "ask without `known` to have it made",
    )


def _check_version(session: Session, wanted: int | None) -> None:
    if wanted is not None and not 0 <= wanted <= session.version:
        raise SticliError(
            "bad_request",
            f"there is no version {wanted} of session {session.name!r} yet: the newest is"
            f" {session.version}",
            "append lines first, or ask for a version that is there",
        )


def _gone(session: Session, moment: Moment) -> SticliError:
    return SticliError(
        "not_found",
        f"session {session.name!r} no longer holds version {moment.version}, which ends with line"
        f" {moment.lines}: its context begins with line {session.window_from + 1}",
        f"`sticli fork {session.name} NEW --at {moment.version}` brings it back",
    )
