"""`sticli version` and `sticli api`: what runs, and the API as it is."""

import sys
from typing import Annotated

import typer

from sticli import __version__
from sticli.commands.daemon import running
from sticli.errors import SticliError
from sticli.invocation import argument, document, of
from sticli.protocol import PROTOCOL
from sticli.render import escaped

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def version(context: typer.Context) -> None:
    """Print the versions of program and daemon."""
    call = of(context)
    try:
        found = running(call.launch().paths)
    except SticliError as error:
        found = None
        call.note(str(error))
    if call.json:
        return document(version=__version__, protocol=PROTOCOL, daemon=found)
    print(f"sticli {__version__} (protocol {PROTOCOL})")
    if found:
        call.detail(f"daemon {found.version} (protocol {found.protocol}, pid {found.pid})")


def api(
    context: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT or DELETE.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="As /v1/status.")],
    body: Annotated[
        str | None, typer.Argument(metavar="BODY", help="JSON; - reads it from stdin.")
    ] = None,
) -> None:
    """Send one request to the daemon's API and print the reply."""
    verb = method.upper()
    if verb not in METHODS or not path.startswith("/") or any(c <= " " for c in path):
        what = f"{method} {path} is no request"
        raise SticliError("bad_request", what, "as `sticli api GET /v1/status`")
    data = sys.stdin.buffer.read() if body == "-" else body and argument(body).encode()
    reply = of(context).connect(None).raw(verb, path, data or None)
    if sys.stdout.isatty():
        print(escaped(reply.decode("utf-8", "replace")))
    else:
        sys.stdout.buffer.write(reply if reply.endswith(b"\n") else reply + b"\n")
