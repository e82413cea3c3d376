"""Live questions: each waits for its session and its worker, and survives a worker's death."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from sticli.daemon.messages import (
    Ask,
    Cancel,
    Done,
    Explain,
    Explained,
    Failed,
    Piece,
    Waits,
)
from sticli.daemon.sessions import Session
from sticli.daemon.supervisor import Supervisor
from sticli.errors import SticliError
from sticli.protocol import Account

PATIENCE = 60.0  # seconds that a question waits for a worker that knows its session
ATTEMPTS = 3  # workers that one question may outlive

Word = Waits | Piece | Done | Failed | Explained


class Progress(msgspec.Struct, frozen=True):
    """What a question waits for."""

    state: str
    message: str


Say = Callable[[Progress | Piece], None]  # tells the asker what comes ahead of the answer


@dataclass(slots=True)
class Submitted:
    """A message in the worker's hands."""

    session: str
    say: Say
    end: asyncio.Future[Done | Failed | Explained | None]  # None: the worker is gone
    spoke: bool = False  # pieces of the answer have come


class Asks:
    """The questions in the worker's hands, by id."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._ids = itertools.count(1)
        self._submitted: dict[int, Submitted] = {}

    @property
    def open(self) -> bool:
        """Whether any is in the worker's hands."""
        return bool(self._submitted)

    def heard(self, message: Word) -> None:
        """Hand a word of the worker to its question; the asker may have gone."""
        if isinstance(message, Piece | Waits):
            if found := self._submitted.get(message.id):
                found.spoke |= isinstance(message, Piece)
                found.say(_said(message))
        elif found := self._submitted.pop(message.id, None):
            _end(found, message)

    def refuse(self, name: str, error: SticliError) -> None:
        """A session cannot go on: what waits for its lines would wait for ever."""
        for key, found in list(self._submitted.items()):
            if found.session == name:
                _end(found, Failed(key, name, error.code, error.message, error.hint))

    def lost(self) -> None:
        """The worker is gone, and with it what it was doing."""
        for found in self._submitted.values():
            _end(found, None)
        self._submitted.clear()

    async def run(self, session: Session, ask: Ask, say: Say) -> Done:
        """The question's life, cancelled in the worker when the caller leaves early.

        The ask gets its id here, a new one at each attempt.

        Raises:
            SticliError: worker_down, budget_exceeded, context_length_exceeded, not_found.
        """
        for _ in range(ATTEMPTS):
            await self._until_open(session, say)
            _check_reachable(session, ask.min_version)
            if isinstance(word := await self._answer(session, ask, say), Done):
                return word
        raise self._died()

    def _died(self) -> SticliError:
        return _down("the worker died while answering", self._supervisor)

    async def explain(self, session: Session) -> Account:
        """The worker's account of a session.

        Raises:
            SticliError: worker_down, not_found, why the session is not served.
        """
        if self._supervisor.state == "asleep":  # a mere look does not wake it
            raise _asleep(session)
        word = await self._answer(session, Explain(0, session.name), lambda word: None)
        if isinstance(word, Explained):
            return word.account
        reason = _progress(session, self._supervisor).message
        raise _down(f"nothing can be explained: {reason}", self._supervisor)

    async def _answer(
        self, session: Session, message: Ask | Explain, say: Say
    ) -> Done | Explained | None:
        """The worker's last word; None: the worker is gone.

        Raises:
            SticliError: why the worker refuses the question, or the whole session; worker_down
                where it died in the middle of its answer.
        """
        key = next(self._ids)
        found = self._submitted[key] = Submitted(
            session.name, say, asyncio.get_running_loop().create_future()
        )
        try:
            if not self._supervisor.send(msgspec.structs.replace(message, id=key)):
                return None
            word = await found.end
        finally:
            if self._submitted.pop(key, None):  # the worker is still at it
                self._supervisor.send(Cancel(key))
        if isinstance(word, Failed):
            raise session.refusal or SticliError(word.code, word.message, word.hint)
        if word is None and found.spoke:  # what was said cannot be taken back
            raise self._died()
        return word

    async def _until_open(self, session: Session, say: Say) -> None:
        """Until the worker knows the session; say what is waited for, each time it changes.

        The worker itself tells of what comes then: it brings back first what is asked.
        """
        end = time.monotonic() + PATIENCE
        said, loaded = None, dict[str, int]()
        self._supervisor.wake()
        while session.state in ("waiting", "asleep"):
            self._check_hope(session)
            loading = self._supervisor.loading
            if loading and loading.done > loaded.get(loading.what, -1):  # it goes on
                end, loaded[loading.what] = time.monotonic() + PATIENCE, loading.done
            progress = _progress(session, self._supervisor)
            if progress != said:
                said = progress
                say(progress)
            try:
                async with asyncio.timeout_at(
                    asyncio.get_running_loop().time() + max(0.0, end - time.monotonic())
                ):
                    await session.change.wait()
            except TimeoutError:
                raise _down(f"{progress.message}, for {PATIENCE:g} s", self._supervisor) from None

    def _check_hope(self, session: Session) -> None:
        if session.removed:
            raise SticliError(
                "not_found", f"session {session.name!r} was removed", "`sticli ps` lists the others"
            )
        if self._supervisor.state == "stopped":
            failure = self._supervisor.failure
            raise failure or _down("the daemon stops", self._supervisor)
        if session.refusal:
            raise session.refusal


def _said(word: Waits | Piece) -> Progress | Piece:
    return Progress(word.state, word.message) if isinstance(word, Waits) else word


def _end(found: Submitted, word: Done | Failed | Explained | None) -> None:
    if not found.end.done():  # else its asker leaves just now
        found.end.set_result(word)


def _check_reachable(session: Session, min_version: int) -> None:
    if session.state == "full" and min_version > session.settled:
        raise SticliError(
            "context_length_exceeded",
            f"session {session.name!r} is full at version {session.settled}: version"
            f" {min_version} will not settle",
            "ask without --wait (min_version), or start a new session",
        )


def _progress(session: Session, supervisor: Supervisor) -> Progress:
    if supervisor.state != "ready":
        message = {
            "starting": "the worker loads the model",
            "backoff": "the worker died and is started again",
            "asleep": "the worker wakes",
        }.get(supervisor.state, "the worker is down")
        if supervisor.loading:
            message += f", {supervisor.loading}"
        return Progress(supervisor.state, message)
    return Progress("restoring", f"session {session.name!r} is opened again")


def _asleep(session: Session) -> SticliError:
    return SticliError(
        "worker_down",
        f"nothing can be explained while the worker sleeps: nobody has needed it for long, and"
        f" what it held of session {session.name!r} is on disk",
        f"`sticli ask {session.name} QUESTION` wakes it, and so does a new line",
    )


def _down(message: str, supervisor: Supervisor) -> SticliError:
    last = f"; {supervisor.last_error}" if supervisor.last_error else ""
    return SticliError("worker_down", message + last, "see `sticli daemon logs`")
