"""Live questions: each waits for its session and its worker, and survives a worker's death."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncGenerator, Iterator

import msgspec

from sticli.daemon.messages import Ask, Cancel, Done, Failed, Piece
from sticli.daemon.sessions import Session
from sticli.daemon.supervisor import Supervisor
from sticli.errors import SticliError

PATIENCE = 60.0  # seconds that a question waits for its session to be live
ATTEMPTS = 3  # workers that one question may outlive

Word = Piece | Done | Failed
Inbox = asyncio.Queue[Word | None]  # None: the worker is gone


class Progress(msgspec.Struct, frozen=True):
    """What a question waits for."""

    state: str
    message: str


class Asks:
    """The questions in the worker's hands, by id."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._ids = itertools.count(1)
        self._inboxes: dict[int, Inbox] = {}

    def heard(self, message: Word) -> None:
        """Hand a word of the worker to its question; the asker may have gone."""
        last = not isinstance(message, Piece)
        inbox = self._inboxes.pop(message.id, None) if last else self._inboxes.get(message.id)
        if inbox:
            inbox.put_nowait(message)

    def lost(self) -> None:
        """The worker is gone, and with it what it was doing."""
        for inbox in self._inboxes.values():
            inbox.put_nowait(None)
        self._inboxes.clear()

    async def run(
        self, session: Session, question: str, max_tokens: int, min_version: int, pieces: bool
    ) -> AsyncGenerator[Progress | Piece | Done]:
        """The question's life, cancelled in the worker when the caller leaves early.

        Raises:
            SticliError: worker_down, budget_exceeded, context_length_exceeded, not_found.
        """
        for _ in range(ATTEMPTS):
            async with contextlib.aclosing(self._until_askable(session)) as waiting:
                async for progress in waiting:
                    yield progress
            _check_reachable(session, min_version)
            spoke = False
            with self._submitted(session, question, max_tokens, min_version) as inbox:
                while word := await inbox.get():
                    if isinstance(word, Failed):
                        raise SticliError(word.code, word.message, word.hint)
                    if pieces or isinstance(word, Done):
                        spoke = True
                        yield word
                    if isinstance(word, Done):
                        return
            if spoke:  # what was said cannot be taken back
                break
        raise _down("the worker died while answering", self._supervisor)

    @contextlib.contextmanager
    def _submitted(
        self, session: Session, question: str, max_tokens: int, min_version: int
    ) -> Iterator[Inbox]:
        """Where the worker's words arrive."""
        key = next(self._ids)
        inbox = self._inboxes[key] = Inbox()
        try:
            if not self._supervisor.send(Ask(key, session.name, question, max_tokens, min_version)):
                inbox.put_nowait(None)
            yield inbox
        finally:
            if self._inboxes.pop(key, None):  # the worker is still at it
                self._supervisor.send(Cancel(key))

    async def _until_askable(self, session: Session) -> AsyncGenerator[Progress]:
        """Say what is waited for, each time it changes."""
        end = time.monotonic() + PATIENCE
        said = None
        self._supervisor.revive()
        while not session.askable:
            self._check_hope(session)
            progress = _progress(session, self._supervisor)
            if progress != said:
                said = progress
                yield progress
                continue  # the world may have moved while the reader took it
            try:
                async with asyncio.timeout_at(
                    asyncio.get_running_loop().time() + max(0.0, end - time.monotonic())
                ):
                    await session.change.wait()
            except TimeoutError:
                raise _down(f"{progress.message}, for {PATIENCE:g} s", self._supervisor) from None

    def _check_hope(self, session: Session) -> None:
        if session.removed:
            raise SticliError("not_found", f"session {session.name!r} was removed")
        if self._supervisor.state == "stopped":
            failure = self._supervisor.failure
            raise failure or _down("the daemon stops", self._supervisor)
        if session.refusal:
            raise session.refusal


def _check_reachable(session: Session, min_version: int) -> None:
    if session.state == "full" and min_version > session.settled:
        raise SticliError(
            "context_length_exceeded",
            f"session {session.name!r} is full at version {session.settled}: version"
            f" {min_version} will not settle",
            "ask without --min-version, or start a new session",
        )


def _progress(session: Session, supervisor: Supervisor) -> Progress:
    if supervisor.state != "ready":
        message = {
            "starting": "the worker loads the model",
            "backoff": "the worker died and is started again",
        }.get(supervisor.state, "the worker is down")
        return Progress(supervisor.state, message)
    return Progress("restoring", f"session {session.name!r} is brought into the cache")


def _down(message: str, supervisor: Supervisor) -> SticliError:
    last = f"; {supervisor.last_error}" if supervisor.last_error else ""
    return SticliError("worker_down", message + last, "see `sticli daemon logs`")
