"""What the front is told of a session as it grows: settled, restored, full."""

from collections.abc import Callable

from sticli.daemon import messages
from sticli.daemon.worker.questions import Questions
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.usage import Usage


class News:
    """Tells what is new, once, and arms the flash questions that it concerns."""

    def __init__(
        self, questions: Questions, usage: Usage, send: Callable[[messages.Outbound], None]
    ) -> None:
        self._questions = questions
        self._usage = usage
        self._send = send

    def progress(self, session: Session, now: float) -> None:
        """Look at a session whose length, window or lines may have changed."""
        self._questions.outdate(session)
        rebuilt = session.rebuilding and session.complete and session.next is None
        if rebuilt:
            session.rebuilding = False
        self._settled(session, now)
        if rebuilt:
            self._arm(session, now)
        if session.complete and not session.restored:
            session.restored = True
            self._send(messages.Restored(session.name, session.length, session.note))
            self._arm(session, now)
        elif session.restored and session.version > session.told.version:
            self._arm(session, now)
        session.told.version = session.version
        if session.full and not session.behind and not session.told.full:
            self._full(session, now)

    def _settled(self, session: Session, now: float) -> None:
        """Say how far a session is; a rebuild is not seen from outside until it is through."""
        lines = session.lines
        moved = session.window_from != session.told.window
        if session.rebuilding or not (lines > session.told.lines or moved):
            return
        session.told.lines, session.changed = max(lines, session.told.lines), now
        session.told.window = session.window_from
        self._usage.lag.settled(session.name, lines, now)
        self._send(
            messages.Settled(
                session.name,
                lines,
                session.version,
                session.length,
                session.window_from,
                session.left_out,
            )
        )

    def _full(self, session: Session, now: float) -> None:
        session.told.full = True
        self._usage.lag.forget(session.name)
        self._arm(session, now)
        self._send(messages.Full(session.name, session.lines, session.length, session.limit))

    def _arm(self, session: Session, now: float) -> None:
        self._questions.flash.settled(session.name, now)
