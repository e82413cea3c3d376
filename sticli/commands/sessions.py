"""`sticli new`, `fork`, `rm`, `pin` and `unpin`: what is done to sessions as such."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from sticli.client import Client
from sticli.errors import SticliError
from sticli.invocation import Invocation, document, of
from sticli.moment import moment
from sticli.protocol import At, Fork, NewSession, OnFull, Session
from sticli.render import plural

Name = Annotated[str, typer.Argument(metavar="SESSION", help="Name of the session.")]
Names = Annotated[list[str], typer.Argument(metavar="SESSION...", help="Names of sessions.")]


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
        OnFull | None,
        typer.Option(
            metavar="rebase|slide|stop",
            help="Once full: go on with the newest half, drop the oldest, or refuse lines.",
        ),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="Only sessions of one label share what is computed."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SESSION[@MOMENT]",
            help="Begin with the lines of another session, as it is or was.",
        ),
    ] = None,
) -> None:
    """Create a session."""
    call = of(context)
    name, at = _origin(source)
    request = NewSession(session, system, limit, on_full, tenant, name, at)
    made = _make(session, lambda: call.connect().new(request))
    _tell(call, made)


def fork(
    context: typer.Context,
    session: Name,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new session.")],
    at: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="As it was: VERSION, HH:MM:SS, -5m, a date-time."),
    ] = None,
) -> None:
    """Create a session that begins as another one is, or was."""
    call = of(context)
    request = Fork(name, None if at is None else moment(at))
    made = _make(name, lambda: call.connect().fork(session, request))
    _tell(call, made)


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


def pin(context: typer.Context, sessions: Names) -> None:
    """Keep sessions on the device: others make room first."""
    call = of(context)
    _pin(call, call.connect(), sessions, pinned=True)


def unpin(context: typer.Context, sessions: Names) -> None:
    """Let sessions leave the device like any other."""
    call = of(context)
    _pin(call, call.connect(), sessions, pinned=False)


def _origin(text: str | None) -> tuple[str | None, At | None]:
    """The session and the moment that `--from` names."""
    if text is None:
        return None, None
    name, mark, when = text.partition("@")
    return name, moment(when) if mark else None


def _make(name: str, call: Callable[[], Session]) -> Session:
    try:
        return call()
    except SticliError as error:
        hint = f"`sticli show {name}` shows it, `sticli rm {name}` removes it"
        raise SticliError(
            error.code, error.message, hint if error.code == "exists" else error.hint
        ) from None


def _tell(call: Invocation, made: Session) -> None:
    if call.json:
        document(made)
    room = f" (at most {plural(made.limit, 'token')})" if made.limit else ""  # the model may cap it
    origin = f" from {made.source}, {plural(made.lines, 'line')}" if made.source else ""
    call.note(f"created session {made.name}{room}{origin}")


def _pin(call: Invocation, client: Client, sessions: list[str], *, pinned: bool) -> None:
    for session in sessions:
        client.pin(session, pinned)
    if call.json:
        document(**{"pinned" if pinned else "unpinned": sessions})
    call.note(f"{'pinned' if pinned else 'unpinned'} {', '.join(sessions)}")


def _confirm(session: str, lines: int) -> None:
    if not sys.stdin.isatty():
        raise SticliError(
            "bad_request",
            f"removing {session} deletes {plural(lines, 'line')}",
            "confirm with --yes",
        )
    if not typer.confirm(f"Remove {session} and its {plural(lines, 'line')}?", err=True):
        raise typer.Exit(1)
