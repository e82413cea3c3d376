"""What a command line said about itself, and the ways a command speaks: data to stdout, the rest
to stderr.
"""

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from sticli.errors import SticliError
from sticli.place import autostarts
from sticli.render import clear, escaped, printable
from sticli.schema import SCHEMA

if TYPE_CHECKING:
    from sticli.client import Client
    from sticli.launch import Launch


@dataclass(frozen=True)
class Invocation:
    """The global options of one run of the program."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    autostart: bool = True

    def note(self, text: str) -> None:
        """A line for the person at the terminal."""
        if not self.quiet:
            say(text)

    def detail(self, text: str) -> None:
        """A line for who asked for more of them."""
        if self.verbose:
            say(text)

    def launch(self, *arguments: str) -> "Launch":
        """The way to the daemon; `arguments` go to one that it has to start."""
        from sticli import paths  # what leads to a daemon takes longer to load than a help to show
        from sticli.launch import Launch

        allowed = self.autostart and autostarts()
        return Launch(paths.resolve(), allowed, self.note, arguments)

    def connect(self, timeout: float | None = 60.0) -> "Client":
        """A client of the running daemon.

        Raises:
            SticliError: as `Launch.connect`.
        """
        return self.launch().connect(timeout)


def of(context: typer.Context) -> Invocation:
    """The invocation that a command belongs to."""
    found = context.obj
    return found if isinstance(found, Invocation) else Invocation()


def say(text: str) -> None:
    """One line on stderr; a closed stderr is no reason to fail."""
    try:
        clear()
        print(f"sticli: {printable(text)}", file=sys.stderr, flush=True)
    except OSError:
        return


def foreign(text: str) -> str:
    """Text of a feed or a model as it goes to stdout: harmless on a terminal, intact in a pipe."""
    return printable(text) if sys.stdout.isatty() else text


def document(value: object = None, /, **fields: object) -> None:
    """One JSON document on stdout; fields get a `schema_version`."""
    emit(value if value is not None else {"schema_version": SCHEMA, **fields})


def emit(value: object) -> None:
    """One line of JSON on stdout, at once."""
    import msgspec  # as above

    text = msgspec.json.encode(value).decode()
    sys.stdout.write((escaped(text) if sys.stdout.isatty() else text) + "\n")
    sys.stdout.flush()


def failure(error: SticliError) -> None:
    """An error as a JSON document on stdout."""
    fields = {"code": error.code, "message": error.message, "hint": error.hint}
    document(error=fields)


def argument(text: str) -> str:
    """Text of the command line as valid Unicode."""
    return os.fsencode(text).decode("utf-8", "replace")
