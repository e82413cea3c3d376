"""One append from its first byte to its summary."""

import threading

from sticli import settled
from sticli.client import Client
from sticli.feeds.choice import Choice
from sticli.feeds.intake import Intake
from sticli.feeds.interrupt import Interrupt
from sticli.feeds.progress import Progress
from sticli.feeds.sender import Sender, Target
from sticli.feeds.source import Source
from sticli.feeds.spool import Spool
from sticli.invocation import Invocation, document
from sticli.protocol import Accepted, Feed, Session
from sticli.render import plural, size


class Run:
    """Reads a source to its end, or until it is interrupted, and sees its lines stored."""

    def __init__(
        self, call: Invocation, target: Target, client: Client, source: Source, dropped: int
    ) -> None:
        """`dropped` lines of the session were dropped before this."""
        self._call = call
        self._source = source
        self._dropped = dropped
        self._target = target
        self._spool = Spool()
        self._sender = Sender(target, client, self._spool)
        self._progress = Progress(self._sender, self._spool, quiet=call.quiet or source.typed)
        self._intake: Intake | None = None

    def read(self, choice: Choice, feed: Feed | None) -> int:
        """Read everything and see it stored; the exit code of an interruption, else 0.

        Raises:
            SticliError: the source cannot go on where its feed was.
        """
        self._intake = intake = self._source.intake(choice, self._spool, feed)
        with Interrupt(self._spool.lift) as interrupt:
            thread = threading.Thread(
                target=self._sender.run, args=(interrupt.wake,), daemon=True
            )  # a daemon thread: a second Ctrl-C does not wait for it
            thread.start()
            progress = self._progress
            self._source.run(intake, interrupt.source, progress.show, progress.every)
            self._spool.close()
            while thread.is_alive():
                thread.join(self._progress.every)
                self._progress.show()
            return interrupt.code

    def finish(self, wait: bool) -> None:
        """Wait until it has settled, if asked to, then say what was done.

        Raises:
            SticliError: why not all of it is stored, or not all of it will settle.
        """
        accepted = self._sender.accepted
        refusal = self._intake.refusal if self._intake else None
        state: Accepted | Session | None = accepted
        try:
            if error := self._sender.error or refusal:
                raise error
            if wait and accepted and accepted.settled < accepted.version:
                place = (self._target.connect, self._target.session, accepted.version)
                state = settled.wait(*place, self._progress.reading)
        finally:
            pending = state.pending if state else 0
            dropped = max(0, state.dropped - self._dropped) if state else 0
            self._say(pending, dropped)
        if self._call.json:
            self._document(pending, dropped)

    def _say(self, pending: int, dropped: int) -> None:
        """The summary, as a note."""
        accepted, sender = self._sender.accepted, self._sender
        place = f"at version {accepted.version}" if accepted else "(nothing stored)"
        counted = self._counted()
        notes = (
            (counted["replaced"], "byte", "replaced (not UTF-8)"),
            (counted["split"], "line", "split (too long)"),
            (counted["malformed"], "line", "malformed (kept as it came)"),
            (counted["filtered"], "line", "filtered out"),
            (counted["repeated"], "line", "repeated (collapsed)"),
            (counted["sampled"], "line", "left out of the sample"),
            (pending, "line", "pending"),
            (dropped, "line", "dropped (too much was pending)"),
            (self._spool.count, "line", "read and not stored"),
        )
        said = "".join(f", {plural(number, what)} {how}" for number, what, how in notes if number)
        lines = plural(sender.lines, "line")
        self._call.note(f"{lines}, {size(sender.bytes)} → {self._target.session} {place}{said}")

    def _counted(self) -> dict[str, int]:
        """What became of lines before they were sent."""
        if not self._intake:
            return dict.fromkeys(COUNTED, 0)
        cutter, counts = self._intake.cutter, self._intake.pipeline.counts
        found = (cutter.replaced, cutter.split, counts.malformed, counts.filtered)
        return dict(zip(COUNTED, (*found, counts.repeated, counts.sampled), strict=True))

    def _document(self, pending: int, dropped: int) -> None:
        """The summary, as JSON; an error takes its place."""
        document(
            session=self._target.session,
            lines=self._sender.lines,
            bytes=self._sender.bytes,
            version=self._sender.accepted.version if self._sender.accepted else 0,
            pending=pending,
            dropped=dropped,
            **self._counted(),
        )


COUNTED = ("replaced", "split", "malformed", "filtered", "repeated", "sampled")
