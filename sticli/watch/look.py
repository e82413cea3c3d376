"""One look at a daemon: its status, its sessions, and what is new of the chosen one."""

import time
from dataclasses import dataclass, field

from msgspec.structs import replace

from sticli.client import Client
from sticli.errors import SticliError
from sticli.protocol import Flash, Line, Session, Status
from sticli.watch.device import Readings
from sticli.watch.news import LINES, Snapshot

WIDEST = 2_000  # characters that are kept of a line


@dataclass
class Chosen:
    """The session whose questions and lines are wanted, and how far its lines are known."""

    name: str | None
    created: float = 0.0  # of the session whose lines these are; another may bear its name by now
    seen: int = 0  # number of the last line known; 0: none

    def lines(self, client: Client, session: Session) -> tuple[list[Line], int]:
        """Lines behind those that are known, and how many were skipped before them.

        Raises:
            SticliError: as `Client.call`.
        """
        if session.created != self.created or session.lines < self.seen:
            self.created, self.seen = session.created, 0
        if session.lines == self.seen:
            return [], 0
        first = max(self.seen, session.lines - LINES) + 1
        skipped = first - self.seen - 1 if self.seen else 0
        rows = client.lines(session.name, **{"from": first, "limit": LINES})
        found = [_cut(line) for line in rows]
        self.seen = found[-1].seq if found else self.seen
        return found, skipped


@dataclass
class Looks:
    """Looks through one connection; `readings` are those of the machine."""

    client: Client
    readings: Readings = field(default_factory=Readings)

    def look(self, chosen: Chosen) -> Snapshot:
        """The daemon now.

        Raises:
            SticliError: as `Client.call`.
        """
        at = time.time()
        status, sessions = self.client.status(), self.client.sessions()
        found = next((one for one in sessions if one.name == chosen.name), None)
        flashes, lines, skipped = self._of(found, chosen) if found else ([], [], 0)
        device = self.readings.read(pids(status), gpu=_computes_on_gpu(status))
        return Snapshot(at, status, sessions, chosen.name, flashes, lines, skipped, device)

    def _of(self, session: Session, chosen: Chosen) -> tuple[list[Flash], list[Line], int]:
        try:
            return self.client.flashes(session.name), *chosen.lines(self.client, session)
        except SticliError as error:
            if error.code != "not_found":
                raise
            return [], [], 0  # it was removed just now


def pids(status: Status) -> list[int]:
    """The processes of the daemon."""
    return [pid for pid in (status.version.pid, status.worker_pid) if pid]


def _computes_on_gpu(status: Status) -> bool:
    """Whether the model is on a GPU, or may come to be there."""
    return status.model is None or status.model.engine == "gpu"


def _cut(line: Line) -> Line:
    if len(line.text) <= WIDEST:
        return line
    return replace(line, text=line.text[:WIDEST] + "…")
