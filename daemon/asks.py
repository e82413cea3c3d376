"""Live questions: each waits for its session and its worker, and survives a worker's death."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncGenerator, Iterator

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
        last = not isinstance(message, Piece | Waits)
        inbox = self._inboxes.pop(message.id, None) if last else self._inboxes.get(message.id)
        if inbox:
            inbox.put_nowait(message)

    def lost(self) -> None:
        """The worker is gone, and with it what it was doing."""
        for inbox in self._inboxes.values():
            inbox.put_nowait(None)
        self._inboxes.clear()

    async def run(
        self, session: Session, ask: Ask, pieces: bool
    ) -> AsyncGenerator[Progress | Piece | Done]:
        """The question's life, cancelled in the worker when the caller leaves early.

        The ask gets its id here, a new one at each attempt.

        Raises:
            SticliError: worker_down, budget_exceeded, context_length_exceeded, not_found.
        """
        for _ in range(ATTEMPTS):
            async with contextlib.aclosing(self._until_open(session)) as waiting:
                async for progress in waiting:
                    yield progress
            _check_reachable(session, ask.min_version)
            spoke = False
            with self._submitted(ask) as inbox:
                while word := await _next(inbox, session):
                    if isinstance(word, Waits):
                        yield Progress(word.state, word.message)
                    elif isinstance(word, Done) or (pieces and isinstance(word, Piece)):
                        spoke = True
                        yield word
                    if isinstance(word, Done):
                        return
            if spoke:  # what was said cannot be taken back
                break
        raise _down("the worker died while answering", self._supervisor)

    async def explain(self, session: Session) -> Account:
        """The worker's account of a session.

        Raises:
            SticliError: worker_down, not_found, why the session is not served.
        """
        with self._submitted(Explain(0, session.name)) as inbox:
            word = await _next(inbox, session)
        if isinstance(word, Explained):
            return word.account
        reason = _progress(session, self._supervisor).message
        raise _down(f"nothing can be explained: {reason}", self._supervisor)

    @contextlib.contextmanager
    def _submitted(self, message: Ask | Explain) -> Iterator[Inbox]:
        """Where the worker's words arrive."""
        key = next(self._ids)
        inbox = self._inboxes[key] = Inbox()
        try:
            if not self._supervisor.send(msgspec.structs.replace(message, id=key)):
                inbox.put_nowait(None)
            yield inbox
        finally:
            if self._inboxes.pop(key, None):  # the worker is still at it
                self._supervisor.send(Cancel(key))

    async def _until_open(self, session: Session) -> AsyncGenerator[Progress]:
        """Until the worker knows the session; say what is waited for, each time it changes.

        The worker itself tells of what comes then: it brings back first what is asked.
        """
        end = time.monotonic() + PATIENCE
        said, loaded = None, dict[str, int]()
        self._supervisor.revive()
        while session.state == "waiting":
            self._check_hope(session)
            loading = self._supervisor.loading
            if loading and loading.done > loaded.get(loading.what, -1):  # it goes on
                end, loaded[loading.what] = time.monotonic() + PATIENCE, loading.done
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


async def _next(inbox: Inbox, session: Session) -> Waits | Piece | Done | Explained | None:
    """The next word; None: the worker is gone.

    Raises:
        SticliError: why the worker refuses the question, or the whole session.
    """
    word = await inbox.get()
    if isinstance(word, Failed):
        if session.refusal:
            raise session.refusal
        raise SticliError(word.code, word.message, word.hint)
    return word


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
        if supervisor.loading:
            message += f", {supervisor.loading}"
        return Progress(supervisor.state, message)
    return Progress("restoring", f"session {session.name!r} is opened again")


def _down(message: str, supervisor: Supervisor) -> SticliError:
    last = f"; {supervisor.last_error}" if supervisor.last_error else ""
    return SticliError("worker_down", message + last, "see `sticli daemon logs`")
