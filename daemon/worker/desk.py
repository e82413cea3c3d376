"""What each message of the front means: sessions come, grow, are restored, and go."""

import logging
from collections.abc import Callable

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, Vocabulary
from sticli.daemon.worker import replies, slide, template
from sticli.daemon.worker.account import account
from sticli.daemon.worker.ladder import Ladder
from sticli.daemon.worker.news import News
from sticli.daemon.worker.prefix import Prefixes
from sticli.daemon.worker.questions import Questions
from sticli.daemon.worker.rebase import Rebase
from sticli.daemon.worker.recovery import Recovery
from sticli.daemon.worker.rendering import Parts
from sticli.daemon.worker.replay import Replay
from sticli.daemon.worker.rungs import Rungs
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.step import Lane
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.transcript import Transcript
from sticli.daemon.worker.upkeep import Upkeep
from sticli.daemon.worker.usage import Usage
from sticli.errors import SticliError, failed

MOST = 8192  # cells of a session, where nobody says otherwise
WORK = messages.Open | messages.Lines | messages.Ask | messages.AddFlash  # end a rest

log = logging.getLogger(__name__)


class Desk:
    """Takes messages one by one; what they ask of the device is left to the scheduler, and who
    has a place there to the ladder."""

    def __init__(
        self,
        engine: Engine,
        vocabulary: Vocabulary,
        parts: Parts,
        settings: Settings,
        context: int,
        scheduler: Scheduler,
        recovery: Recovery,
        prefixes: Prefixes,
        rungs: Rungs,
        usage: Usage,
        send: Callable[[messages.Outbound], None],
        sessions: dict[str, Session],
    ) -> None:
        self.sessions = sessions
        self.questions = Questions(
            engine,
            vocabulary,
            scheduler,
            usage,
            send,
            sessions,
            self._want,
            settings.ask_wait_s,
        )
        self.progress = News(self.questions, usage, send).progress
        self.ladder = Ladder(
            engine,
            rungs,
            scheduler,
            self.questions,
            sessions,
            self.progress,
            self._abandon,
            settings.spill_after_s,
        )
        self.rebase = Rebase(
            engine,
            prefixes,
            scheduler,
            self.questions,
            self.ladder,
            usage,
            sessions,
            self.progress,
        )
        self.slide = slide.Slide(engine, self.questions, usage, sessions, self.progress, self.fail)
        self.upkeep = Upkeep(rungs, usage, sessions, settings.snapshot_idle_s)
        self.stopped = False
        self.resting = False  # told to leave once there is nothing to do
        self._engine = engine
        self._vocabulary = vocabulary
        self._parts = parts
        self._limit = settings.context or min(context or MOST, MOST)
        self._context = context
        self._scheduler = scheduler
        self._recovery = recovery
        self._prefixes = prefixes
        self._usage = usage
        self._send = send

    def _want(self, session: Session, now: float, urgent: bool) -> bool:
        return self.ladder.want(session, now, urgent)

    def take(self, message: messages.Inbound, now: float) -> None:
        """Do what a message that arrived at `now` says.

        Whatever goes wrong concerns its session or question only.
        """
        self.resting &= not isinstance(message, WORK)
        try:
            self._take(message, now)
        except SticliError as error:
            self._refuse(message, error)
        except Exception as error:
            log.exception("%s failed", type(message).__name__)
            self._refuse(message, failed("the worker failed", error))

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
            case messages.Pin() | messages.Explain():
                self._look(message)
            case messages.Stop():
                self.resting, self.stopped = message.rest, not message.rest
            case messages.Beat():
                self.resting &= not message.number  # a numbered one says: work is on its way
                self._send(message)
            case _:
                self._question(message, now)

    def _look(self, message: messages.Pin | messages.Explain) -> None:
        session = self.sessions.get(message.session)
        if isinstance(message, messages.Pin):
            if session is not None:
                session.pinned = message.pinned
        elif session is None:
            raise replies.not_live(message.session)
        else:
            found = account(session, self._engine, self.questions.prepared(session))
            self._send(messages.Explained(message.id, found))

    def _question(self, message: messages.Inbound, now: float) -> None:
        match message:
            case messages.Ask():
                if message.session in self.sessions:
                    self.sessions[message.session].touched = now
                self.questions.ask(message, now)
            case messages.Cancel():
                self.questions.cancel(message.id)
            case messages.AddFlash():
                self.questions.add_flash(message, now)
            case messages.RemoveFlash():
                self.questions.remove_flash(message.session, message.id)

    def _refuse(self, message: messages.Inbound, error: SticliError) -> None:
        if isinstance(message, messages.Ask | messages.Explain):
            self._send(
                messages.Failed(message.id, message.session, error.code, error.message, error.hint)
            )
        elif isinstance(message, messages.Open):
            self._abandon(message.session, error, message.uid)
        elif isinstance(message, messages.Lines):
            self._abandon(message.session, error)

    def _abandon(self, name: str, error: SticliError, uid: str = "") -> None:
        """Give up a session, which may not have come to be; its journal and snapshot stay."""
        if name in self.sessions:
            uid = self.sessions[name].uid
        self._forget(name, error)
        self._usage.count("sessions_failed")
        self._send(messages.Failed(0, name, error.code, error.message, error.hint, uid))

    def _forget(self, name: str, reason: SticliError) -> None:
        session = self.sessions.pop(name, None)
        self._usage.lag.forget(name)
        if session is not None:
            self.questions.close(session, reason)
            self._scheduler.close(session)
            self.ladder.forget(session)

    def _close(self, name: str) -> None:
        self._recovery.sweep(name)
        self._forget(name, replies.removed(name))

    def _open(self, message: messages.Open, now: float) -> None:
        if message.session in self.sessions:
            self._forget(message.session, replies.reopened(message.session))
        limit = message.limit or self._limit
        if self._context:
            limit = min(limit, self._context)
        self._check(message.session, limit)
        slide.check(self._engine, message.on_full, message.session)
        frame = template.frame(self._parts, message.system, self._vocabulary)
        session = Session(
            message.session,
            message.uid,
            limit,
            None,
            frame,
            Transcript(frame.prefix, self._vocabulary.encode, message.window_from),
            journal=message.lines,
            on_full=message.on_full,
            note="from the journal" if message.lines else "new",
            tenant=message.tenant,
            pinned=message.pinned,
            changed=now,
            touched=now,
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
        session.held = message.lines > 0 or self._recovery.exists(session.name, session.uid)
        self._send(messages.Opened(session.name, session.window_from, limit, session.uid))
        self._arrived(session, now)

    def _check(self, name: str, limit: int) -> None:
        """Refuse a session that could never come to the device.

        Raises:
            SticliError: budget_exceeded.
        """
        if limit > self._engine.cells:
            raise SticliError(
                "budget_exceeded",
                f"session {name} needs {limit:,} cells, the whole budget is {self._engine.cells:,}",
                "give it a lower limit, or raise kv_budget_mb",
            )
        if limit > self._engine.longest:
            raise SticliError(
                "budget_exceeded",
                f"session {name} needs {limit:,} cells, the model's positions end at "
                f"{self._engine.longest:,}",
                "give it a lower limit",
            )

    def _lines(self, message: messages.Lines, now: float) -> None:
        session = self.sessions.get(message.session)
        if session is None:
            return
        before = session.arrived
        if message.first > before and not session.full:
            log.error("%s: line %d came, %d was due", session.name, message.first, before)
        session.touched = now
        taken = session.add(message.first, message.version, message.texts)
        self._usage.count("lines", taken)
        if taken:
            self._usage.lag.arrived(session.name, session.arrived, now)
        self._arrived(session, now)

    def _arrived(self, session: Session, now: float) -> None:
        """Schedule what is new, once all that the journal held is here: its cells may be known."""
        if session.held:
            session.tokenise(session.limit)
            whole = session.arrived >= session.journal or session.full
            session.held = not whole and session.next is None
        if session.seq is not None and session.behind:
            self._scheduler.behind(session)
        self.progress(session, now)

    def advance(self, session: Session, count: int, now: float) -> None:
        """Take in that `count` more tokens of a session are in the cache."""
        self.ladder.charge(session, count)
        session.length += count
        session.starved = False
        session.ledger.computed += count
        self._prefixes.keep(session, count)
        self.progress(session, now)

    def fail(self, lane: Lane, error: SticliError) -> None:
        """Give up a question, or a session, that the engine cannot serve."""
        if isinstance(lane, Session):
            self._abandon(lane.name, error)
        elif isinstance(lane, Successor | Replay):
            self._abandon(lane.session.name, error)
        elif self.questions.runs(lane):
            self.questions.fail(lane, error)

    def stop(self) -> None:
        """Snapshot every session that changed, and say good-bye."""
        reason = SticliError("worker_down", "the worker stops", "ask again")
        for session in self.sessions.values():
            self.questions.close(session, reason)
        self.upkeep.save_all()
        self._send(messages.Stopped())
