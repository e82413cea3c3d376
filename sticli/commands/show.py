"""`sticli show` and `explain`: one session, as it is and how it came to be so."""

import sys
import time
from collections.abc import Iterator, Sequence
from shutil import get_terminal_size
from textwrap import fill

import msgspec
import typer

from sticli.commands.sessions import Name
from sticli.feeds.said import said
from sticli.invocation import document, of
from sticli.protocol import Account, Feed, Move, Session
from sticli.render import age, count, one_line, plural, table

FEEDS = 10  # of a session that are shown to a person


def show(context: typer.Context, session: Name) -> None:
    """Show everything about a session."""
    call = of(context)
    client = call.connect()
    found, fed, now = client.session(session), client.feeds(session), time.time()
    if call.json:
        return document(**msgspec.structs.asdict(found) | {"feeds": fed})
    table(sys.stdout, ("WHAT", "VALUE"), [*facts(found, now), *feeds(fed, now)])


def explain(context: typer.Context, session: Name) -> None:
    """Say where the tokens of a session are, and why."""
    call = of(context)
    found = call.connect().explain(session)
    if call.json:
        return document(found)
    width = get_terminal_size().columns
    for line in account(found):
        print(fill(one_line(line), width, subsequent_indent="    ", break_on_hyphens=False))


def facts(session: Session, now: float) -> Iterator[tuple[str, str]]:
    """What is worth knowing at a time (seconds since the epoch), as pairs."""
    yield "name", session.name
    yield "state", session.state
    if session.place:
        yield "place", session.place + (", pinned" if session.pinned else "")
    elif session.pinned:
        yield "place", "pinned"
    yield "lines", f"{session.lines:,} stored, {session.settled_lines:,} settled"
    yield "pending", _pending(session)
    yield "version", f"{session.version} stored, {session.settled} settled"
    yield "tokens", f"{session.tokens:,} of {session.limit:,}" if session.limit else "-"
    yield "window", f"from line {session.window_from}"
    yield "when full", session.on_full
    yield "flash", count(session.flash)
    yield "created", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(session.created))
    yield "used", f"{age(now - session.last_used)} ago"
    yield "system", one_line(session.system) if session.system else "(default)"
    yield from _remarks(session)


def feeds(found: Sequence[Feed], now: float) -> Iterator[tuple[str, str]]:
    """What feeds the session and how far each has come, the newest first."""
    yield from (("feed", said(feed, now)) for feed in found[:FEEDS])
    if len(found) > FEEDS:
        yield "feed", f"and {plural(len(found) - FEEDS, 'older one')}, in `sticli show --json`"


def _pending(session: Session) -> str:
    tokens = session.pending_tokens
    return count(session.pending) + (f" (about {plural(tokens, 'token')})" if tokens else "")


def _remarks(session: Session) -> Iterator[tuple[str, str]]:
    """What most sessions have nothing to say about."""
    if session.tenant:
        yield "tenant", session.tenant
    if session.source:
        yield "forked from", session.source
    if session.dropped:
        yield "dropped", f"{plural(session.dropped, 'line')}, because too much was pending"
    if session.left_out:
        yield "left out", f"{plural(session.left_out, 'line')}, too long for the window"
    if session.note not in ("", "new"):
        yield "note", session.note


def account(found: Account) -> Iterator[str]:
    """Sentences, the state first and the reasons last."""
    yield f"{found.session}: {_whereabouts(found)}"
    yield f"  {plural(found.tokens, 'token')} of {found.limit:,}: {found.cached:,} in cells, " + (
        f"{found.tokens - found.cached:,} still to be computed"
    )
    yield f"  {_origins(found)}"
    yield f"  cells: {found.reserved:,} set aside, {found.promised:,} promised to questions, " + (
        f"{found.ready:,} in prepared decisions"
    )
    if found.rebases:
        yield f"  rebased {plural(found.rebases, 'time')}"
    if found.drafted:
        yield f"  {found.accepted:,} of {plural(found.drafted, 'drafted token')} were right"
    yield from (f"  {_moved(move)}" for move in found.moves)
    yield from (f"  {note}" for note in found.notes)


def _whereabouts(found: Account) -> str:
    where = {
        "device": "on the device",
        "host": "in host memory",
        "disk": "on disk",
        "journal": "in the journal only, to be computed anew",
    }.get(found.place, "nowhere yet")
    tenant = f", tenant {found.tenant}" if found.tenant else ""
    return where + (", pinned" if found.pinned else "") + tenant


def _origins(found: Account) -> str:
    """How the tokens came into cells, since the worker knows the session."""
    source = f" with {found.shared_from}" if found.shared_from else ""
    return (
        f"{found.computed:,} computed, {found.restored:,} restored, {found.shared:,} shared{source}"
    )


def _moved(move: Move) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(move.at))
    return f"{clock} to {move.place}, {plural(move.tokens, 'token')}: {move.reason}"
