"""When snapshots are written: once a changed session has rested, and when the worker stops."""

import logging
from collections.abc import Mapping

from sticli.daemon.worker.rungs import Rungs
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.usage import Usage

log = logging.getLogger(__name__)


class Upkeep:
    """Writes what is only in memory; `idle_s` seconds of rest make a session due."""

    def __init__(
        self, rungs: Rungs, usage: Usage, sessions: Mapping[str, Session], idle_s: float
    ) -> None:
        self._rungs = rungs
        self._usage = usage
        self._sessions = sessions
        self._idle_s = idle_s

    def due(self) -> float | None:
        """When the next snapshot is due, seconds of the loop's clock."""
        due = (item.changed for item in self._sessions.values() if self._rungs.unsaved(item))
        first = min(due, default=None)
        return None if first is None else first + self._idle_s

    def save(self, now: float, *, at_once: bool = False) -> bool:
        """Snapshot one session that has rested long enough; whether there was one."""
        idle_s = 0.0 if at_once else self._idle_s
        for session in self._sessions.values():
            if session.changed + idle_s <= now and self._rungs.unsaved(session):
                self._save(session)
                return True
        return False

    def save_all(self) -> None:
        """Snapshot every session that changed."""
        for session in self._sessions.values():
            if self._rungs.unsaved(session):
                self._save(session)

    def _save(self, session: Session) -> None:
        try:
            self._rungs.save(session)
        except Exception:
            log.exception("no snapshot of %s", session.name)
            session.offered = session.length  # to try again and again would help nobody
            self._usage.count("snapshots_failed")
