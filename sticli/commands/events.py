"""`sticli events`: what happens, as it happens."""

import time
from typing import Annotated

import typer

from sticli.errors import SticliError
from sticli.invocation import emit, of

FIRST, LONGEST = 0.1, 3.0  # seconds between tries to connect again


def events(
    context: typer.Context,
    session: Annotated[str | None, typer.Argument(help="Only of this session.")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Only of these types, as answer,settled.")
    ] = None,
    since: Annotated[int | None, typer.Option(help="After the event with this id.")] = None,
    reconnect: Annotated[bool, typer.Option(help="Go on when the daemon comes back.")] = True,
) -> None:
    """Print events as one JSON object a line, until Ctrl-C."""
    call = of(context)
    client, delay = call.connect(), FIRST
    while True:
        try:
            for event in client.again().events(session=session, type=type_, since=since):
                emit(event)
                since, delay = max(event.id, since or 0), FIRST
            raise SticliError("unreachable", "the daemon ended the stream")
        except SticliError as error:
            if error.code != "unreachable" or not reconnect or since is None:
                raise
            if delay == FIRST:
                call.note(f"{error.message}; waiting for it to come back")
        time.sleep(delay)
        delay = min(delay * 2, LONGEST)
