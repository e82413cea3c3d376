"""`sticli watch`: the dashboard, on a terminal or as plain text."""

import os
import re
import sys
import threading
import time
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated

import typer

from sticli.errors import SticliError
from sticli.invocation import Invocation, emit, of
from sticli.resume import end_with_the_reader
from sticli.watch.observer import Observer
from sticli.watch.once import once as look
from sticli.watch.options import Options
from sticli.watch.plain import blocks, document
from sticli.watch.text import drawn, sections

INTERVAL, UNHURRIED = 0.25, 2.0  # seconds, on a screen and as text that goes on
SIZE = re.compile(r"([1-9]\d{1,3})x([1-9]\d{0,3})")


def watch(
    context: typer.Context,
    session: Annotated[
        str | None,
        typer.Argument(metavar="SESSION", help="Looked at first; else any, or the one used last."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print one snapshot as text.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Go on as plain text: what changed, when it does.")
    ] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Between two looks, at least 0.1; 0.25 unless given, 2 with --plain.",
            min=0.1,
        ),
    ] = None,
    readonly: Annotated[
        bool,
        typer.Option("--readonly", envvar="STICLI_READONLY", help="No key changes anything."),
    ] = False,
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the dashboard once, as SVG.")
    ] = None,
    size: Annotated[
        str, typer.Option(metavar="SIZE", help="With --svg: columns and lines, as 120x40.")
    ] = "120x40",
) -> None:
    """Show sessions, answers, feed, scheduler and device, live.

    Where stdout is no terminal, one snapshot is printed.
    """
    call = of(context)
    columns, lines = _size(size)
    _begin(call, session)
    if svg is not None:
        from sticli.tui import app  # Textual: too slow to load for nothing

        app.picture(_observer(call, INTERVAL, session), (columns, lines), svg, session)
    elif plain:
        _plain(call, session, interval or UNHURRIED)
    elif once or call.json or not _screen():
        _once(call, session)
    else:
        from sticli.tui import app

        every = interval or INTERVAL
        app.run(_observer(call, every, session), Options(session, every, readonly))


def _begin(call: Invocation, session: str | None) -> None:
    """Have a daemon, and the session that was named.

    Raises:
        SticliError: as `Launch.connect`; not_found.
    """
    client = call.connect()
    if session is not None:
        client.session(session)
    client.close()


def _screen() -> bool:
    """Whether somebody sits at a terminal that can draw."""
    streams = (sys.stdin, sys.stdout, sys.stderr)  # Textual draws on the last of them
    return all(one.isatty() for one in streams) and os.environ.get("TERM") != "dumb"


def _size(text: str) -> tuple[int, int]:
    found = SIZE.fullmatch(text)
    if found is None:
        raise SticliError("bad_request", f"--size {text!r} is no size", "as --size 120x40")
    return int(found[1]), int(found[2])


def _observer(call: Invocation, interval: float, session: str | None) -> Observer:
    return Observer(call.launch().paths, interval, session)


def _once(call: Invocation, session: str | None) -> None:
    client = call.connect()
    state = look(client, session)
    client.close()
    if call.json:
        emit(document(state))
    else:
        print(drawn(sections(state, get_terminal_size().columns)), end="")


def _plain(call: Invocation, session: str | None, interval: float) -> None:
    """Print until Ctrl-C, or until nobody reads any more."""
    threading.Thread(target=end_with_the_reader, daemon=True).start()
    source = _observer(call, interval, session)
    for state, found in blocks(source, session, interval, get_terminal_size().columns):
        if call.json:
            emit(document(state))
        else:
            print(f"-- {time.strftime('%H:%M:%S')} --\n{drawn(found)}", flush=True)
