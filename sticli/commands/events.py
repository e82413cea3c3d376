"""`sticli events`: what happens, as it happens."""

from collections.abc import Iterator
from typing import Annotated

import typer
from msgspec.structs import asdict

from sticli.client import Client
from sticli.errors import SticliError
from sticli.invocation import emit, of
from sticli.protocol import SCHEMA, Event
from sticli.resume import resume

TYPES = (
    "connected",
    "settled",
    "answer",
    "session",
    "worker",
    "full",
    "moved",
    "dropped",
    "stale",
    "heartbeat",
)


def events(
    context: typer.Context,
    session: Annotated[
        str | None, typer.Argument(metavar="SESSION", help="Only of this session.")
    ] = None,
    type_: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPES", help="Only of these types, as answer,settled."),
    ] = None,
    since: Annotated[
        int | None, typer.Option(metavar="N", help="After the event with this id.")
    ] = None,
    reconnect: Annotated[bool, typer.Option(help="Go on when the daemon comes back.")] = True,
) -> None:
    """Print events as one JSON object a line, until Ctrl-C."""
    call, known = of(context), since
    types = _types(type_)

    def opened(client: Client) -> Iterator[Event]:
        return client.events(session=session, type=types, since=known)

    if session is not None:
        call.connect().session(session)  # there is one
    for event in resume(call, opened, reconnect):
        emit({**asdict(event), "schema_version": SCHEMA})
        known = heard(event, known)


def heard(event: Event, known: int | None) -> int | None:
    """The id of the last event that came, or was there before the first.

    What tells of the stream itself bears the newest id of all, which others may come before.
    """
    if event.type == "stale":
        return known
    if event.type == "connected" and known is not None:
        return min(event.id, known)  # a store that was made anew counts from the start
    return event.id


def _types(text: str | None) -> str | None:
    """The types, as they were given.

    Raises:
        SticliError: there is no such type.
    """
    for name in text.split(",") if text is not None else ():
        if name not in TYPES:
            raise SticliError("bad_request", f"no events of type {name!r}", f"{', '.join(TYPES)}")
    return text
