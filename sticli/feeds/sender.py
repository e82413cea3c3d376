"""Sends a spool to a session in order, each line once, across any number of daemons."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sticli.client import Client
from sticli.errors import SticliError
from sticli.feeds.spool import Piece, Spool
from sticli.protocol import Accepted, Append, OnBusy

PASSING = {"unreachable", "worker_down", "busy", "timeout", "storage"}  # a later try may do
FIRST, LONGEST = 0.05, 2.0  # seconds between tries
GRACE = 60.0  # seconds of tries, once the input has ended, until the rest is given up


@dataclass(frozen=True)
class Target:
    """Where lines go and how they get there again."""

    session: str
    producer: str
    connect: Callable[[], Client]
    note: Callable[[str], None]
    reconnect: bool
    on_busy: OnBusy = OnBusy.WAIT
    first: int = 0  # the producer's number of the first line
    run: int = 0  # of the producer's feed, where it is registered


class Sender:
    """The sending side of `append`; `run` is for a thread of its own.

    The same batch is sent until it is acknowledged: a retry that the journal already holds
    changes nothing there.
    """

    def __init__(self, target: Target, client: Client, spool: Spool) -> None:
        self.lines = 0
        self.bytes = 0
        self.accepted: Accepted | None = None
        self.error: SticliError | None = None
        self._target = target
        self._client = client
        self._spool = spool

    def run(self, ended: Callable[[], None]) -> None:
        """Send until the spool is closed and empty, or an error stays; `ended` hears of both."""
        self.error = SticliError(  # until it ends as it should
            "internal", "sending ended early", "`sticli show SESSION` says what is stored"
        )
        try:
            while piece := self._spool.take():
                self._deliver(piece)
            self.error = None
        except SticliError as error:
            self.error = error
        finally:
            self._client.close()
            self._spool.close()
            ended()

    def _deliver(self, piece: Piece) -> None:
        lines, size, position = piece
        if lines or position:
            target = self._target
            first = target.first + self.lines
            batch = Append(lines, target.producer, first, target.on_busy, position, target.run)
            self.accepted = self._try(batch)
        self.lines += len(lines)
        self.bytes += size
        self._spool.done(len(lines), size)

    def _try(self, batch: Append) -> Accepted:
        try:
            return self._client.append(self._target.session, batch)
        except SticliError as error:
            if error.code not in PASSING or not self._target.reconnect:
                raise
            return self._retry(batch, error)

    def _retry(self, batch: Append, error: SticliError) -> Accepted:
        self._target.note(f"{error.message}; the lines are kept and sent again")
        delay, limit = FIRST, time.monotonic() + GRACE
        while True:
            time.sleep(delay)
            try:
                self._client.close()
                self._client = self._target.connect()
                accepted = self._client.append(self._target.session, batch)
            except SticliError as again:
                limit = limit if self._spool.closed else time.monotonic() + GRACE
                if again.code not in PASSING or time.monotonic() > limit:
                    raise
                delay = min(delay * 2, LONGEST)
            else:
                self._target.note("the daemon takes lines again; nothing was lost")
                return accepted
