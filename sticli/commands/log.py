"""`sticli log`: the lines of a session as they were appended."""

import sys
from typing import Annotated

import typer

from sticli.invocation import emit, foreign, of


def log(
    context: typer.Context,
    session: Annotated[str, typer.Argument(help="Name of the session.")],
    since: Annotated[int | None, typer.Option(help="From this line on, from 1.", min=1)] = None,
    last: Annotated[
        int | None, typer.Option("-n", "--lines", help="Only the last N lines.", min=0)
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as lines arrive.")] = False,
) -> None:
    """Print the lines of a session."""
    call = of(context)
    client = call.connect()
    first = since or 1
    if last is not None:
        first = max(first, client.session(session).lines - last + 1)
    query = {"from": first, "follow": 1 if follow else None}
    for line in client.again().lines(session, **query):
        if call.json:
            emit(line)
        else:
            sys.stdout.write(foreign(line.text) + "\n")
            if follow:
                sys.stdout.flush()
