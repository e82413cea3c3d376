"""`sticli log`: the lines of a session as they were appended."""

import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

import typer
from msgspec.structs import asdict

from sticli.client import Client
from sticli.invocation import Invocation, emit, foreign, of
from sticli.protocol import SCHEMA, Line
from sticli.resume import resume


def log(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Name of the session.")],
    since: Annotated[
        int | None, typer.Option(metavar="N", help="From this line on, from 1.", min=1)
    ] = None,
    last: Annotated[
        int | None, typer.Option("-n", "--lines", metavar="N", help="Only the last N lines.", min=0)
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as lines arrive.")] = False,
) -> None:
    """Print the lines of a session."""
    call = of(context)
    client = call.connect()
    first = since or 1
    if last is not None:
        first = max(first, client.session(session).lines - last + 1)
    if not follow:
        with closing(client.again()) as other:
            for line in other.lines(session, **{"from": first}):
                _say(call, line)
        return

    def opened(client: Client) -> Iterator[Line]:
        return client.lines(session, **{"from": first, "follow": 1})

    for line in resume(call, opened, reconnect=True):
        _say(call, line)
        sys.stdout.flush()
        first = line.seq + 1


def _say(call: Invocation, line: Line) -> None:
    if call.json:
        emit({"type": "line", **asdict(line), "schema_version": SCHEMA})
    else:
        sys.stdout.write(foreign(line.text) + "\n")
