"""`sticli new`, `ps`, `show` and `rm`: sessions as such."""

import sys
import time
from typing import Annotated

import typer

from sticli.errors import SticliError
from sticli.invocation import document, of
from sticli.protocol import NewSession, OnFull, Session
from sticli.render import age, count, one_line, plural, table

Name = Annotated[str, typer.Argument(metavar="SESSION", help="Name of the session.")]


def new(
    context: typer.Context,
    session: Name,
    system: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Instructions ahead of the data.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="Tokens of context.", min=1)
    ] = None,
    on_full: Annotated[
        OnFull,
        typer.Option(
            metavar="rebase|stop", help="Once full: go on with the newest half, or refuse lines."
        ),
    ] = OnFull.REBASE,
) -> None:
    """Create a session."""
    call = of(context)
    try:
        made = call.connect().new(NewSession(session, system, limit, on_full))
    except SticliError as error:
        hint = f"`sticli show {session}` shows it, `sticli rm {session}` removes it"
        raise SticliError(
            error.code, error.message, hint if error.code == "exists" else error.hint
        ) from None
    if call.json:
        document(made)
    room = f" ({plural(made.limit, 'token')})" if made.limit else ""  # unknown without a model
    call.note(f"created session {made.name}{room}")


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
    if call.json:
        document(removed=session)
    call.note(f"removed session {session} ({plural(lines, 'line')})")


def _confirm(session: str, lines: int) -> None:
    if not sys.stdin.isatty():
        raise SticliError(
            "bad_request",
            f"removing {session} deletes {plural(lines, 'line')}",
            "confirm with --yes",
        )
    if not typer.confirm(f"Remove {session} and its {plural(lines, 'line')}?", err=True):
        raise typer.Exit(1)


def _row(session: Session) -> tuple[str, ...]:
    numbers = (session.lines, session.pending, session.version, session.tokens)
    limit = count(session.limit) if session.limit else "-"
    used = age(time.time() - session.last_used)
    return (session.name, session.state, *map(count, numbers), limit, count(session.flash), used)


def _facts(session: Session) -> list[tuple[str, str]]:
    rows = [
        ("name", session.name),
        ("state", session.state),
        ("lines", f"{session.lines:,} stored, {session.settled_lines:,} settled"),
        ("pending", count(session.pending)),
        ("version", f"{session.version} stored, {session.settled} settled"),
        ("tokens", f"{session.tokens:,} of {session.limit:,}" if session.limit else "-"),
        ("window", f"from line {session.window_from}"),
        ("when full", session.on_full),
        ("flash", count(session.flash)),
        ("created", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(session.created))),
        ("used", f"{age(time.time() - session.last_used)} ago"),
        ("system", one_line(session.system) if session.system else "(default)"),
    ]
    if session.left_out:
        rows.append(("left out", f"{plural(session.left_out, 'line')}, too long for the window"))
    return rows if session.note in ("", "new") else [*rows, ("note", session.note)]
