"""Opens sessions in the worker and hands what the worker says to whom it concerns."""

import asyncio
import logging
from typing import Any

from sticli.daemon.answers import Answers
from sticli.daemon.asks import Asks
from sticli.daemon.events import Bus
from sticli.daemon.feeder import Feeder
from sticli.daemon.messages import (
    Beat,
    Close,
    Done,
    Evaluated,
    Explained,
    Failed,
    Full,
    Keep,
    Loading,
    Moved,
    Open,
    Opened,
    Outbound,
    Piece,
    Ready,
    Restored,
    Settled,
    Stopped,
    Usage,
    Waits,
)
from sticli.daemon.repeats import Repeats
from sticli.daemon.sessions import Session, Sessions
from sticli.daemon.store import Store
from sticli.daemon.supervisor import Supervisor
from sticli.errors import SticliError, failed

OfSession = Opened | Restored | Settled | Full | Moved | Failed | Evaluated

# Gauges of the worker: without one nobody is asked, and nothing is held.
NOBODY = dict.fromkeys(("asks_waiting", "asks_running", "cells_ready", "host_bytes"), 0.0)

log = logging.getLogger(__name__)


class Dispatch:
    """The front's ear (supervisor.Listener) and the keeper of the feeders."""

    def __init__(
        self,
        sessions: Sessions,
        answers: Answers,
        repeats: Repeats,
        asks: Asks,
        bus: Bus,
        store: Store,
        supervisor: Supervisor,
    ) -> None:
        self.usage = Usage(0, 0, {})
        self._sessions = sessions
        self._answers = answers
        self._repeats = repeats
        self._asks = asks
        self._bus = bus
        self._store = store
        self._supervisor = supervisor
        self._feeders: dict[str, asyncio.Task[None]] = {}
        self._bearers: dict[str, str] = {}  # uid of whom the worker speaks, by name

    def open(self, session: Session) -> None:
        """Make a session live, if there is a worker; else it waits for one."""
        request = Open(
            session=session.name,
            uid=session.uid,
            system=session.record.system,
            limit=session.record.cells,
            lines=session.lines,
            version=session.version,
            on_full=session.record.on_full,
            window_from=session.window_from,
            tenant=session.record.tenant,
            pinned=session.record.pinned,
        )
        sent = self._supervisor.send(request)
        self._supervisor.wake()
        if not sent:
            return
        session.become("opening")
        for standing in self._answers.of(session):
            self._supervisor.send(standing.message(session.name))

    def close(self, session: Session) -> None:
        """Forget a session."""
        self._stop_feeding(session.name)
        self._bearers.pop(session.name, None)
        self._supervisor.send(Close(session.name))
        session.removed = True
        session.become("waiting")

    def up(self, ready: Ready) -> None:
        self._supervisor.send(Keep([session.uid for session in self._sessions]))
        self._answers.use(ready.sha256, ready.gap)
        self._repeats.use(ready.sha256)
        for session in self._sessions:
            self.open(session)

    def busy(self) -> bool:
        """Whether the worker has something to do that somebody waits for."""
        behind = any(one.state == "opening" or one.behind for one in self._sessions)
        return behind or self._asks.open

    def down(self, *, asleep: bool) -> None:
        for name in list(self._feeders):
            self._stop_feeding(name)
        self._bearers.clear()
        self._asks.lost()
        for session in self._sessions:
            session.become("asleep" if asleep else "waiting")
        self.usage = Usage(0, 0, self.usage.counters | NOBODY)

    def changed(self) -> None:
        supervisor = self._supervisor
        error = str(supervisor.failure or supervisor.last_error)
        self._bus.publish("worker", "", {"state": supervisor.state, "error": error})
        self._stir()

    def _stir(self) -> None:
        """Who waits for a session also waits for the worker."""
        for session in self._sessions:
            session.change.announce()

    def heard(self, message: Outbound) -> None:
        match message:
            case Piece() | Done() | Waits() | Explained():
                self._asks.heard(message)
            case Failed() if message.id:
                self._asks.heard(message)
            case Usage():
                self.usage = message
            case Loading():
                self._stir()
            case Ready() | Stopped() | Beat():
                pass  # for the supervisor
            case _:
                self._of_session(message)

    def _of_session(self, message: OfSession) -> None:
        """What is said of an earlier bearer of the name is dropped."""
        name = message.session
        if isinstance(message, Opened | Failed):
            self._bearers[name] = message.uid
        session = self._sessions.find(name)
        if session is not None and self._bearers.get(name) == session.uid:
            self._current(session, message)

    def _current(self, session: Session, message: OfSession) -> None:
        match message:
            case Opened():
                self._opened(session, message)
            case Restored():
                self._restored(session, message)
            case Settled():
                self._settled(session, message)
            case Full():
                self._full(session, message)
            case Moved():
                self._moved(session, message)
            case Failed():
                self._refused(session, message)
            case Evaluated():
                self._answers.evaluated(session, message)

    def _opened(self, session: Session, message: Opened) -> None:
        session.limit = message.limit
        self._stop_feeding(session.name)
        feeder = Feeder(session, message.lines, self._store, self._supervisor, self._bus)
        task = self._feeders[session.name] = asyncio.create_task(feeder.run())
        task.add_done_callback(lambda done: self._ended(session, done))

    def _restored(self, session: Session, message: Restored) -> None:
        session.note = message.note
        session.tokens = message.tokens
        if session.state == "opening":
            session.become("live")
        self._say(session, {"note": message.note, "tokens": message.tokens})

    def _settled(self, session: Session, message: Settled) -> None:
        if message.window_from != session.window_from:
            moved = self._store.move_window(session.uid, message.window_from)
            moved.add_done_callback(_logged)
        session.settle(message)
        data = {
            "version": message.version,
            "lines": message.lines,
            "tokens": message.tokens,
            "pending": session.pending,
        }
        self._bus.show("settled", session.name, data)

    def _full(self, session: Session, message: Full) -> None:
        session.limit, session.tokens = message.limit, message.tokens
        session.become("full")
        data = {"lines": message.lines, "tokens": message.tokens, "limit": message.limit}
        log.info("session %s is full: %s", session.name, data)
        self._bus.publish("full", session.name, data)

    def _moved(self, session: Session, message: Moved) -> None:
        session.move(message.place)
        data = {"place": message.place, "tokens": message.tokens, "reason": message.reason}
        self._bus.show("moved", session.name, data)  # a crowd of them would push answers out

    def _refused(self, session: Session, message: Failed) -> None:
        self._stop_feeding(session.name)
        session.become("waiting", SticliError(message.code, message.message, message.hint))
        log.warning("session %s is not served: %s", session.name, message.code)
        self._say(session, {"note": message.message})

    def _say(self, session: Session, data: dict[str, Any]) -> None:
        self._bus.publish("session", session.name, {"state": session.state, **data})

    def _ended(self, session: Session, task: "asyncio.Task[None]") -> None:
        """A feeder ends by being cancelled; anything else is told, for its session stands still."""
        if task.cancelled() or not isinstance(error := task.exception(), Exception):
            return
        log.error("session %s is no longer fed: %r", session.name, error)
        if not isinstance(error, SticliError):
            error = failed(f"session {session.name!r} is no longer fed", error)
        session.become("waiting", error)
        self._asks.refuse(session.name, error)

    def _stop_feeding(self, name: str) -> None:
        if task := self._feeders.pop(name, None):
            task.cancel()


def _logged(write: "asyncio.Future[None]") -> None:
    """An older start of a window is as good, only slower to replay: a failure does no harm."""
    if not write.cancelled() and write.exception():
        log.warning("the start of a window is not stored: %s", write.exception())
