"""Asks that have not started: in each session first come, first served, and none for ever."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sticli.daemon import messages
from sticli.daemon.worker import replies
from sticli.daemon.worker.guide import Guide
from sticli.daemon.worker.replies import Lack
from sticli.daemon.worker.sessions import Session
from sticli.errors import SticliError

MOST = 1024  # asks that may wait at once
STAGES = 10  # of a restore that are told


@dataclass(slots=True, eq=False)
class Waiting:
    """An ask that has not started, and what it lacks."""

    ask: messages.Ask
    tail: list[int]
    most: int  # tokens of the answer
    asked: float  # seconds of the loop's clock
    guide: Guide | None = None  # what the answer must look like
    since: float | None = None  # when it began to lack cells
    told: tuple[str, int] = ("", 0)  # what the front knows: what it lacks, and the stage

    @property
    def need(self) -> int:
        """The cells that it may fill."""
        return len(self.tail) + self.most

    def settled(self, session: Session) -> bool:
        """Whether the lines that it is about are in the cache.

        Raises:
            SticliError: they are no longer, or never will be.
        """
        if self.ask.at is None:
            version, found = self.ask.min_version, session.version >= self.ask.min_version
        else:
            version, lines = self.ask.at
            if lines < session.window_from or 0 < lines == session.window_from:
                raise replies.gone(session, version, lines)
            found = session.lines >= lines
        if not found and session.full and not session.behind:
            raise replies.never_settles(session, version)
        return found

    def stands(self, lack: Lack | None) -> bool:
        """Whether it waits behind others that lack the same, as the front knows: nothing is new."""
        return self.since is not None and self.told[0] == lack and not self.ask.decision

    def lacks(self, what: Lack, session: Session, now: float) -> bool:
        """Note what it lacks; whether that is news to the front."""
        if what == "restoring":  # work goes on for it: no reason to give up
            self.since = None
        elif self.since is None:
            self.since = now
        stage = 0
        if what == "restoring":
            there, whole, _ = replies.restored(session)
            stage = STAGES * there // max(1, whole)
        before, self.told = self.told, (what, stage)
        return before != self.told


class Queue:
    """The asks of every session that wait; each lacks cells for `wait_s` seconds at most."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._waiting: dict[str, list[Waiting]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def names(self) -> list[str]:
        """The sessions that asks wait for."""
        return list(self._waiting)

    def of(self, session: str) -> list[Waiting]:
        """The asks that wait for a session, the oldest first."""
        return list(self._waiting.get(session, ()))

    def lacking(self, session: str) -> bool:
        """Whether an ask waits for cells of this session, or for cells to bring it back."""
        return any(item.since is not None for item in self._waiting.get(session, ()))

    def add(self, item: Waiting) -> None:
        """Put an ask behind the others.

        Raises:
            SticliError: too many wait.
        """
        if len(self) >= MOST:
            raise SticliError(
                "budget_exceeded",
                f"{len(self)} questions wait, which is the limit",
                "ask again once some are answered",
            )
        self._waiting.setdefault(item.ask.session, []).append(item)

    def remove(self, item: Waiting) -> None:
        """Forget an ask."""
        found = self._waiting[item.ask.session]
        found.remove(item)
        if not found:
            del self._waiting[item.ask.session]

    def cancel(self, id: int) -> None:
        """Forget the ask of this id, if it waits."""
        for item in [item for item in self if item.ask.id == id]:
            self.remove(item)

    def late(self, item: Waiting, now: float) -> bool:
        """Whether an ask has lacked cells for too long."""
        return item.since is not None and now >= item.since + self._wait_s

    def next_due(self) -> float | None:
        """When the next ask will have waited for too long."""
        first = min((item.since for item in self if item.since is not None), default=math.inf)
        return None if first == math.inf else first + self._wait_s

    def __iter__(self) -> Iterator[Waiting]:
        for found in list(self._waiting.values()):
            yield from found
