"""Flash questions and their newest answers: in memory for speed, in the store for good."""

import asyncio
import logging
import re
import time
from collections.abc import Iterable

import msgspec

from sticli import protocol
from sticli.daemon.disk.records import AnswerRecord, QuestionRecord
from sticli.daemon.events import Bus
from sticli.daemon.messages import Evaluated
from sticli.daemon.sessions import Session
from sticli.daemon.standing import Standing
from sticli.daemon.store import Store
from sticli.errors import SticliError
from sticli.models import gap

log = logging.getLogger(__name__)

REFERENCE = re.compile(r"^@([A-Za-z0-9_.-]{1,64})$")


class Answers:
    """The flash questions of all sessions."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._by_id: dict[str, dict[str, Standing]] = {}  # uid → id
        self._by_text: dict[str, dict[str, Standing]] = {}  # uid → normalised question
        self._model = ""  # sha256 of the one that answers now
        self._gap = gap.USUAL  # which that model names

    async def load(self, names: dict[str, str]) -> None:
        """Bring back the questions of the sessions that are left; `names` by uid."""
        answers = {(answer.session, answer.id): answer for answer in await self._store.answers()}
        for record in await self._store.questions():
            if name := names.get(record.session):
                answer = answers.get((record.session, record.id))
                self._hold(Standing(record, answer, name, self._gap))

    def use(self, model: str, usual: float) -> None:
        """Trust the answers of this model (sha256) only, and take its usual gap where nobody asked
        for one."""
        self._model, self._gap = model, usual
        for held in self._by_id.values():
            for standing in held.values():
                standing.distrust(model)
                standing.usual = usual

    def of(self, session: Session) -> list[Standing]:
        return list(self._by_id.get(session.uid, {}).values())

    def count(self, session: Session) -> int:
        return len(self._by_id.get(session.uid, ()))

    def get(self, session: Session, key: str) -> Standing:
        """The flash question of this id.

        Raises:
            SticliError: there is none.
        """
        found = self._by_id.get(session.uid, {}).get(key)
        if found is None:
            raise _missing(session, key)
        return found

    def find(self, session: Session, question: str) -> Standing | None:
        """The flash question of this text, or of this `@id`.

        Raises:
            SticliError: there is no such id.
        """
        if reference := REFERENCE.match(question):
            return self.get(session, reference[1])
        return self._by_text.get(session.uid, {}).get(normal(question))

    async def add(self, session: Session, request: protocol.NewFlash) -> Standing:
        """Register a question, durably.

        Raises:
            SticliError: exists, budget_exceeded, storage.
        """
        held = self._by_id.get(session.uid, {})
        key = request.id or next(name for n in range(1, 1 << 20) if (name := f"q{n}") not in held)
        self._check(session, key, request.question)
        record = QuestionRecord(
            session.uid,
            key,
            request.question,
            request.max_tokens,
            request.debounce_ms,
            request.exec,
            time.time(),
            request.form,
            None if request.gap is msgspec.UNSET else request.gap,
        )
        standing = Standing(record, None, session.name, self._gap)
        self._hold(standing)  # before the store answers: a second request must see it
        try:
            await self._store.add_question(record)
        except Exception:
            self._release(standing)
            raise
        return standing

    async def remove(self, session: Session, key: str) -> Standing:
        """Forget a question, whose hook is the caller's to close.

        Raises:
            SticliError: not_found, storage.
        """
        standing = self.get(session, key)
        if standing.leaving:
            raise _missing(session, key)
        standing.leaving = True
        try:
            await self._store.remove_question(session.uid, key)
        except Exception:
            standing.leaving = False
            raise
        self._release(standing)
        return standing

    async def forget(self, session: Session) -> None:
        """Drop all questions of a removed session."""
        self._by_text.pop(session.uid, None)
        await _close(self._by_id.pop(session.uid, {}).values())

    async def close(self) -> None:
        """Kill the hooks that run."""
        await _close(one for held in self._by_id.values() for one in held.values())

    def evaluated(self, session: Session, message: Evaluated) -> None:
        """The worker has a new answer; tell everyone when its value changed."""
        standing = self._by_id.get(session.uid, {}).get(message.id)
        if standing is None or standing.record.created != message.born:
            return  # it was removed; another may have its id by now
        if message.source == "below":
            standing.leave_open(message)
            return
        before = standing.answer
        self._store.put_answer(standing.take(message, self._model)).add_done_callback(_stored)
        if before is None or before.value != message.text:
            self._announce(session, standing, before)

    def _announce(self, session: Session, standing: Standing, before: AnswerRecord | None) -> None:
        public = msgspec.to_builtins(standing.public(session))
        data = {**public, "previous": before and before.value}
        hook = standing.hook
        self._bus.publish("answer", session.name, data, hook.fire if hook else None)

    def _check(self, session: Session, key: str, question: str) -> None:
        held = self._by_id.get(session.uid, {})
        same = self._by_text.get(session.uid, {}).get(normal(question))
        if key in held or same:
            other = key if key in held else same.record.id if same else ""
            raise SticliError(
                "exists",
                f"session {session.name!r} has this flash question already: {other}",
                f"`sticli flash rm {session.name} {other}` removes it",
            )
        if len(held) >= protocol.MAX_FLASH:
            raise SticliError(
                "budget_exceeded",
                f"session {session.name!r} has {len(held)} flash questions, which is the limit",
                "remove one with `sticli flash rm`",
            )

    def _hold(self, standing: Standing) -> None:
        record = standing.record
        self._by_id.setdefault(record.session, {})[record.id] = standing
        self._by_text.setdefault(record.session, {})[normal(record.question)] = standing

    def _release(self, standing: Standing) -> None:
        record = standing.record
        self._by_id.get(record.session, {}).pop(record.id, None)
        self._by_text.get(record.session, {}).pop(normal(record.question), None)


def _missing(session: Session, key: str) -> SticliError:
    return SticliError(
        "not_found",
        f"session {session.name!r} has no flash question {key!r}",
        f"`sticli flash ls {session.name}` lists them",
    )


def normal(question: str) -> str:
    """The question without the difference of blanks."""
    return " ".join(question.split())


async def _close(standings: Iterable[Standing]) -> None:
    for standing in standings:
        if standing.hook:
            await standing.hook.close()


def _stored(done: "asyncio.Future[None]") -> None:
    """An answer that is not kept is only evaluated again after a restart."""
    if not done.cancelled() and (error := done.exception()):
        log.warning("an answer is not kept: %s", error)
