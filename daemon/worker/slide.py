"""Moves the windows of sessions that slide: at a step's boundary, while no question runs.

Cheap, and not exact: what stays was computed while the lines that go were there.
"""

import logging
from collections.abc import Callable, Mapping

from sticli.daemon.engines.base import Engine
from sticli.daemon.worker.questions import Questions
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.usage import Usage
from sticli.errors import SticliError, failed

log = logging.getLogger(__name__)


class Slide:
    """Slides what is due. Asks that run are served to their end; meanwhile no others start on the
    session and its lines wait, so that what its cells hold depends on its lines alone."""

    def __init__(
        self,
        engine: Engine,
        questions: Questions,
        usage: Usage,
        sessions: Mapping[str, Session],
        progress: Callable[[Session, float], None],
        fail: Callable[[Session, SticliError], None],
    ) -> None:
        self._engine = engine
        self._questions = questions
        self._usage = usage
        self._sessions = sessions
        self._progress = progress
        self._fail = fail

    def prepare(self, now: float) -> None:
        """Slide every session whose window is due and that no ask holds back."""
        for session in list(self._sessions.values()):
            if self._ready(session):
                self._questions.give_way(session, now)
                self._slide(session, now)

    def due(self) -> bool:
        """Whether there is anything to slide: planning a step may have found that out."""
        return any(map(self._ready, self._sessions.values()))

    def _ready(self, session: Session) -> bool:
        here = session.sliding and session.seq is not None and not session.held
        return here and not self._questions.asking(session)

    def _slide(self, session: Session, now: float) -> None:
        assert session.seq is not None, "only a session on the device slides"
        try:
            self._engine.slide(session.seq, len(session.frame.prefix), session.outgoing)
        except Exception as error:
            log.exception("session %s cannot slide", session.name)
            self._fail(session, failed("the window cannot slide", error))
            return
        session.slide()
        self._usage.count("slides")
        if session.restored:  # the same version, seen through another window
            self._questions.flash.settled(session.name, now)
        self._progress(session, now)


def check(engine: Engine, on_full: str, name: str) -> None:
    """Refuse a session that would slide where the engine's cells cannot be moved.

    Raises:
        SticliError: it cannot.
    """
    if on_full == "slide" and not engine.slides:
        raise SticliError(
            "bad_request",
            f"session {name} cannot slide: the cells of this model cannot be moved to other places",
            "make it with --on-full rebase, which is exact",
        )
