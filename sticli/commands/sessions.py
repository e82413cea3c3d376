"""`sticli new`, `ps`, `show` and `rm`: sessions as such."""

import sys
import time
from typing import Annotated

import typer

from sticli.errors import SticliError
from sticli.invocation import document, of
from sticli.protocol import NewSession, OnFull, Session
from sticli.render import age, count, one_line, table

Name = Annotated[str, typer.Argument(help="Name of the session.")]


def new(
    context: typer.Context,
    session: Name,
    system: Annotated[str | None, typer.Option(help="Instructions ahead of the data.")] = None,
    limit: Annotated[int | None, typer.Option(help="Tokens of context.", min=1)] = None,
    on_full: Annotated[
        OnFull, typer.Option(help="Once full: go on with the newest half, or refuse lines.")
    ] = OnFull.REBASE,
) -> None:
    """Create a session."""
    call = of(context)
    made = call.connect().new(NewSession(session, system, limit, on_full))
    if call.json:
        document(made)
    call.note(f"created session {made.name} ({made.limit:,} tokens)")


def ps(context: typer.Context) -> None:
    """List the sessions."""
    call = of(context)
    found = call.connect().sessions()
    if call.json:
        return document(sessions=found)
    heads = ("NAME", "STATE", "LINES", "PENDING", "VERSION", "TOKENS", "LIMIT", "FLASH", "USED")
    table(sys.stdout, heads, [_row(session) for session in found])
    if not found:
        call.note("no sessions yet: `… | sticli append NAME` makes one")


def show(context: typer.Context, session: Name) -> None:
    """Show everything about a session."""
    call = of(context)
    found = call.connect().session(session)
    if call.json:
        return document(found)
    table(sys.stdout, ("WHAT", "VALUE"), list(_facts(found)))


def rm(
    context: typer.Context,
    session: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a session, its lines and its questions."""
    call = of(context)
    client = call.connect()
    lines = client.session(session).lines
    if not yes:
        _confirm(session, lines)
    client.remove(session)
    call.note(f"removed session {session} ({lines:,} lines)")


def _confirm(session: str, lines: int) -> None:
    if not sys.stdin.isatty():
        raise SticliError(
            "bad_request", f"removing {session} deletes {lines:,} lines", "confirm with --yes"
        )
    if not typer.confirm(f"Remove {session} and its {lines:,} lines?", err=True):
        raise typer.Exit(1)


def _row(session: Session) -> tuple[str, ...]:
    numbers = (session.lines, session.pending, session.version, session.tokens, session.limit)
    used = age(time.time() - session.last_used)
    return (session.name, session.state, *map(count, numbers), count(session.flash), used)


def _facts(session: Session) -> list[tuple[str, str]]:
    rows = [
        ("name", session.name),
        ("state", session.state),
        ("lines", f"{session.lines:,} stored, {session.settled_lines:,} settled"),
        ("pending", count(session.pending)),
        ("version", f"{session.version} stored, {session.settled} settled"),
        ("tokens", f"{session.tokens:,} of {session.limit:,}"),
        ("window", f"from line {session.window_from}"),
        ("when full", session.on_full),
        ("flash", count(session.flash)),
        ("created", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(session.created))),
        ("used", f"{age(time.time() - session.last_used)} ago"),
        ("system", one_line(session.system) if session.system else "(default)"),
    ]
    if session.left_out:
        rows.append(("left out", f"{session.left_out:,} lines, too long for the window"))
    return [*rows, ("note", session.note)] if session.note else rows
