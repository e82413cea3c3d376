"""`sticli append`: lines from a pipe or the command line into a session, each once."""

import os
import sys
import threading
import uuid
from typing import Annotated

import typer

from sticli import settled
from sticli.client import Client
from sticli.cutter import Cutter
from sticli.errors import SticliError
from sticli.interrupt import Interrupt
from sticli.invocation import Invocation, document, of
from sticli.progress import Progress
from sticli.protocol import Accepted, NewSession, OnBusy, Session
from sticli.reader import Reader
from sticli.render import plural, size
from sticli.sender import Sender, Target
from sticli.spool import Spool

MODES = ("settled", "accepted")


def append(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Name of the session.")],
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT...", help="Text to append; without it, standard input."),
    ] = None,
    wait: Annotated[
        str,
        typer.Option(
            metavar="settled|accepted", help="Until the model has read them, or only stored."
        ),
    ] = "settled",
    create: Annotated[bool, typer.Option(help="Create a missing session, or exit with 3.")] = True,
    producer: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Fixed id: the same input run again adds only what is missing."
        ),
    ] = None,
    on_busy: Annotated[
        OnBusy,
        typer.Option(
            metavar="wait|drop-oldest",
            help="While the model is far behind: make the pipe wait, or drop unread lines.",
        ),
    ] = OnBusy.WAIT,
    reconnect: Annotated[
        bool, typer.Option(help="Outlive the daemon, or exit with 4 when it is gone.")
    ] = True,
) -> None:
    """Append lines to a session as they arrive.

    Reads standard input up to its end; every line is stored once, even when the daemon is killed
    and started again in between. Ctrl-C stores what was read and exits with 130.
    """
    if wait not in MODES:
        raise SticliError("bad_request", f"--wait {wait}", f"allowed: {', '.join(MODES)}")
    if not text and sys.stdin is None:
        raise SticliError("bad_request", "standard input is closed", "give TEXT, or pipe lines in")
    call = of(context)
    client, known = _session(call, session, create)
    key = producer or uuid.uuid4().hex
    target = Target(session, key, call.connect, call.note, reconnect, on_busy)
    run = Run(call, target, client, known.dropped)
    code = run.read(text)
    run.finish(wait == "settled" and not code)
    raise typer.Exit(code)


def _session(call: Invocation, name: str, create: bool) -> tuple[Client, Session]:
    """A client, once the session exists, and that."""
    client = call.connect()
    try:
        return client, client.session(name)
    except SticliError as error:
        if error.code != "not_found" or not create:
            raise
    return client, _create(call, client, name)


def _create(call: Invocation, client: Client, name: str) -> Session:
    try:
        made = client.new(NewSession(name))
    except SticliError as error:
        if error.code != "exists":
            raise
        return client.session(name)  # another producer was quicker: as good
    call.note(f"created session {name}")
    return made


class Run:
    """One append from its first byte to its summary."""

    def __init__(self, call: Invocation, target: Target, client: Client, dropped: int) -> None:
        """`dropped` lines of the session were dropped before this."""
        self._call = call
        self._dropped = dropped
        self._target = target
        self._cutter = Cutter()
        self._spool = Spool()
        self._sender = Sender(target, client, self._spool)
        self._progress = Progress(self._sender, self._spool, quiet=call.quiet)

    def read(self, text: list[str] | None) -> int:
        """Read everything and see it stored; the exit code of an interruption, else 0."""
        with Interrupt(self._spool.lift) as interrupt:
            thread = threading.Thread(
                target=self._sender.run, args=(interrupt.wake,), daemon=True
            )  # a daemon thread: a second Ctrl-C does not wait for it
            thread.start()
            self._feed(text, interrupt)
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
        state: Accepted | Session | None = accepted
        try:
            if self._sender.error:
                raise self._sender.error
            if wait and accepted and accepted.settled < accepted.version:
                place = (self._target.connect, self._target.session, accepted.version)
                state = settled.wait(*place, self._progress.reading)
        finally:
            pending = state.pending if state else 0
            dropped = max(0, state.dropped - self._dropped) if state else 0
            self._say(pending, dropped)
        if self._call.json:
            self._document(pending, dropped)

    def _feed(self, text: list[str] | None, interrupt: Interrupt) -> None:
        reader = Reader(0, self._cutter, self._spool)
        if text:
            reader.take(os.fsencode(" ".join(text)))
        else:
            if sys.stdin.isatty():
                self._call.note("reading from the terminal, Ctrl-D to end")
            reader.run(interrupt.source, self._progress.show, self._progress.every)
        reader.finish()

    def _say(self, pending: int, dropped: int) -> None:
        """The summary, as a note."""
        accepted, sender, cutter = self._sender.accepted, self._sender, self._cutter
        place = f"at version {accepted.version}" if accepted else "(nothing stored)"
        notes = (
            (cutter.replaced, "byte", "replaced (not UTF-8)"),
            (cutter.split, "line", "split (too long)"),
            (pending, "line", "pending"),
            (dropped, "line", "dropped (too much was pending)"),
            (self._spool.count, "line", "read and not stored"),
        )
        said = "".join(f", {plural(number, what)} {how}" for number, what, how in notes if number)
        lines = plural(sender.lines, "line")
        self._call.note(f"{lines}, {size(sender.bytes)} → {self._target.session} {place}{said}")

    def _document(self, pending: int, dropped: int) -> None:
        """The summary, as JSON; an error takes its place."""
        document(
            session=self._target.session,
            lines=self._sender.lines,
            bytes=self._sender.bytes,
            replaced=self._cutter.replaced,
            split=self._cutter.split,
            version=self._sender.accepted.version if self._sender.accepted else 0,
            pending=pending,
            dropped=dropped,
        )
