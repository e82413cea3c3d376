"""What `append` shows while it reads, sends and waits."""

from sticli.feeds.sender import Sender
from sticli.feeds.spool import Spool
from sticli.meter import Meter
from sticli.protocol import Session
from sticli.render import plural


class Progress:
    """Shows what is stored and what waits; nothing where stderr is no terminal."""

    def __init__(self, sender: Sender, spool: Spool, *, quiet: bool) -> None:
        self._meter = Meter(wanted=not quiet)
        self.every = self._meter.every
        self._sender = sender
        self._spool = spool

    def show(self) -> None:
        """What is stored and what is not yet."""
        stored = plural(self._sender.lines, "line")
        self._meter.draw(f"{stored} stored, {self._spool.count:,} to send")

    def reading(self, session: Session) -> None:
        """What is stored and still to be read by the model."""
        lines = plural(session.lines, "line")
        self._meter.draw(f"{session.settled_lines:,} of {lines} read by the model")
