"""What each message of the front means: sessions come, grow, are restored, and go."""

import logging
from collections.abc import Callable

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, Exhausted, Seq, Vocabulary
from sticli.daemon.worker import template
from sticli.daemon.worker.questions import Questions
from sticli.daemon.worker.rebase import Rebase
from sticli.daemon.worker.recovery import Recovery
from sticli.daemon.worker.rendering import Parts
from sticli.daemon.worker.scheduler import Lane, Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.usage import Usage
from sticli.errors import SticliError

MOST = 8192  # cells of a session, where nobody says otherwise

log = logging.getLogger(__name__)


class Desk:
    """Takes messages one by one; what they ask of the device is left to the scheduler."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        parts: Parts,
        settings: Settings,
        context: int,
        scheduler: Scheduler,
        recovery: Recovery,
        usage: Usage,
        send: Callable[[messages.Outbound], None],
    ) -> None:
        self.sessions: dict[str, Session] = {}
        self.questions = Questions(engine, vocabulary, scheduler, usage, send, self.sessions)
        self.rebase = Rebase(engine, scheduler, self.questions, usage, self.sessions, self.progress)
        self.stopped = False
        self._engine = engine
        self._vocabulary = vocabulary
        self._parts = parts
        self._idle_s = settings.snapshot_idle_s
        self._limit = settings.context or min(context or MOST, MOST)
        self._context = context
        self._scheduler = scheduler
        self._recovery = recovery
        self._usage = usage
        self._send = send

    def take(self, message: messages.Inbound, now: float) -> None:
        """Do what a message that arrived at `now` says.

        Whatever goes wrong concerns its session or question only.
        """
        try:
            self._take(message, now)
        except SticliError as error:
            self._refuse(message, error)
        except Exception as error:
            log.exception("%s failed", type(message).__name__)
            self._refuse(message, SticliError("internal", f"the worker failed: {error}"))

    def _take(self, message: messages.Inbound, now: float) -> None:
        match message:
            case messages.Open():
                self._open(message, now)
            case messages.Lines():
                self._lines(message, now)
            case messages.Close():
                self._close(message.session)
            case messages.Keep():
                self._recovery.keep(message.uids)
            case messages.Stop() | messages.Start():
                self.stopped = isinstance(message, messages.Stop)
            case _:
                self._question(message, now)

    def _question(self, message: messages.Inbound, now: float) -> None:
        match message:
            case messages.Ask():
                self.questions.ask(message, now)
            case messages.Cancel():
                self.questions.cancel(message.id)
            case messages.AddFlash():
                self.questions.add_flash(message, now)
            case messages.RemoveFlash():
                self.questions.remove_flash(message.session, message.id)

    def _refuse(self, message: messages.Inbound, error: SticliError) -> None:
        if isinstance(message, messages.Ask):
            self._send(
                messages.Failed(message.id, message.session, error.code, error.message, error.hint)
            )
        elif isinstance(message, messages.Open | messages.Lines):
            self._abandon(message.session, error)

    def _abandon(self, name: str, error: SticliError) -> None:
        """Give up a session; its journal and snapshot stay."""
        self._forget(name, error)
        self._usage.count("sessions_failed")
        self._send(messages.Failed(0, name, error.code, error.message, error.hint))

    def _forget(self, name: str, reason: SticliError) -> None:
        session = self.sessions.pop(name, None)
        if session is not None:
            self.questions.close(session, reason)
            self._scheduler.close(session)
            self._engine.drop(session.seq)
            if session.next is not None and session.next.seq is not None:
                self._engine.drop(session.next.seq)
            self._usage.changed = True

    def _close(self, name: str) -> None:
        self._forget(name, SticliError("not_found", f"session {name} was removed"))
        self._recovery.sweep(name)

    def _open(self, message: messages.Open, now: float) -> None:
        if message.session in self.sessions:
            self._forget(message.session, SticliError("internal", "the session was reopened"))
        limit = message.limit or self._limit
        if self._context:
            limit = min(limit, self._context)
        frame = template.frame(self._parts, message.system, self._vocabulary)
        session = Session(
            message.session,
            message.uid,
            limit,
            self._engine_open(message.session, limit),
            frame,
            self._vocabulary.encode,
            journal=message.lines,
            rebase=message.on_full == "rebase",
            window_from=message.window_from,
            note="from the journal" if message.lines else "new",
            changed=now,
        )
        self.sessions[session.name] = session
        if len(frame.prefix) > session.room:
            raise SticliError(
                "context_length_exceeded",
                f"the instructions of session {session.name} take {len(frame.prefix)} tokens, "
                f"its lines and instructions may take {session.room} of {limit}",
                "shorten them, or raise the session's limit",
            )
        self._recovery.sweep(session.name, keep=session.uid)
        session.held = self._recovery.exists(session.name, session.uid)
        self._send(messages.Opened(session.name, session.window_from, limit))
        self._arrived(session, now)

    def _engine_open(self, name: str, limit: int) -> Seq:
        try:
            return self._engine.open(limit)
        except Exhausted:
            left = self._engine.cells - self._engine.reserved
            raise SticliError(
                "budget_exceeded",
                f"session {name} needs {limit} cells, {left} of {self._engine.cells} are left",
                "remove a session, give it a lower limit, or raise kv_budget_mb",
            ) from None

    def _lines(self, message: messages.Lines, now: float) -> None:
        session = self.sessions.get(message.session)
        if session is None:
            return
        before = session.arrived
        if message.first > before and not session.full:
            log.error("%s: line %d came, %d was due", session.name, message.first, before)
        taken = session.add(message.first, message.version, message.texts)
        self._usage.count("lines", taken)
        self._arrived(session, now)

    def _arrived(self, session: Session, now: float) -> None:
        """Schedule what is new; restore once all that the journal held is here."""
        if session.held:
            session.tokenise(session.limit)
            if session.arrived >= session.journal or session.full or session.next is not None:
                self._recovery.restore(session)
        if session.behind:
            self._scheduler.behind(session)
        self.progress(session, now)

    def progress(self, session: Session, now: float) -> None:
        """Tell the front how far a session is, and arm its flash questions."""
        lines, version = session.lines, session.version
        rebuilt = session.rebuilding and session.complete and session.next is None
        if rebuilt:
            session.rebuilding = False
        moved = session.window_from != session.told_window
        if (lines > session.told_lines or moved) and not session.rebuilding:
            session.told_lines, session.changed = max(lines, session.told_lines), now
            session.told_window = session.window_from
            self._send(
                messages.Settled(
                    session.name,
                    lines,
                    version,
                    session.length,
                    session.window_from,
                    session.left_out,
                )
            )
        if rebuilt:
            self.questions.flash.settled(session.name, now)
        if session.complete and not session.restored:
            session.restored = True
            self._send(messages.Restored(session.name, session.length, session.note))
            self.questions.flash.settled(session.name, now)
        elif session.restored and version > session.told_version:
            self.questions.flash.settled(session.name, now)
        session.told_version = version
        if session.full and not session.behind and not session.told_full:
            session.told_full = True
            self.questions.flash.settled(session.name, now)
            self._send(messages.Full(session.name, lines, session.length, session.limit))

    def advance(self, session: Session, count: int, now: float) -> None:
        """Take in that `count` more tokens of a session are in the cache."""
        session.length += count
        self.progress(session, now)

    def fail(self, lane: Lane, error: SticliError) -> None:
        """Give up a question, or a session, that the engine cannot serve."""
        if isinstance(lane, Session):
            self._abandon(lane.name, error)
        elif isinstance(lane, Successor):
            self._abandon(lane.session.name, error)
        elif self.questions.runs(lane):
            self.questions.fail(lane, error)

    def rest(self) -> float | None:
        """When the next snapshot is due, seconds of the loop's clock."""
        due = (item.changed for item in self.sessions.values() if item.saved != item.length)
        first = min(due, default=None)
        return None if first is None else first + self._idle_s

    def upkeep(self, now: float) -> bool:
        """Snapshot one session that has rested long enough; whether there was one."""
        for session in self.sessions.values():
            if session.saved != session.length and session.changed + self._idle_s <= now:
                self._save(session)
                return True
        return False

    def stop(self) -> None:
        """Snapshot every session that changed, and say good-bye."""
        reason = SticliError("worker_down", "the worker stops", "ask again")
        for session in self.sessions.values():
            self.questions.close(session, reason)
            if session.saved != session.length:
                self._save(session)
        self._send(messages.Stopped())

    def _save(self, session: Session) -> None:
        try:
            self._recovery.save(session)
        except Exception:
            log.exception("no snapshot of %s", session.name)
            self._usage.count("snapshots_failed")
