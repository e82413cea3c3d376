"""The command line: which commands there are, and how every run of the program ends."""

import importlib
import itertools
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from sticli.errors import INTERRUPTED, SticliError
from sticli.invocation import Invocation, failure, say

EXITS = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 daemon unreachable, 5 refused "
    "(full, busy, too large), 6 no fresh answer, 7 not permitted, 124 timed out, 130 interrupted, "
    "143 terminated."
)
WELCOME = """sticli: ask a local language model about a stream, now.

  tail -f feed | sticli append mysession        data in, for hours
  sticli ask mysession "last price of ACME?"    an answer, however long the feed
  sticli flash add mysession "last symbol?"     answered before it is asked

Next: `sticli demo` shows it at work, `sticli --help` lists the commands."""

GLOBAL = {"-j", "--json", "-q", "--quiet", "-v", "--verbose", "--no-autostart"}

# name → where its function, or its group of functions, is
COMMANDS = {
    "new": "sessions:new",
    "append": "append:append",
    "ask": "ask:ask",
    "flash": "flash:app",
    "events": "events:events",
    "ps": "sessions:ps",
    "show": "sessions:show",
    "log": "log:log",
    "rm": "sessions:rm",
    "demo": "demo:demo",
    "daemon": "daemon:app",
    "config": "config:app",
    "doctor": "doctor:doctor",
    "completion": "completion:completion",
    "api": "version:api",
    "version": "version:version",
    "_complete": "completion:complete",
}


def build(words: Sequence[str] = ()) -> typer.Typer:
    """The program; only the command that the words name is loaded, if they name one."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback(invoke_without_command=True, epilog=EXITS)(sticli)
    named = next((word for word in words if not word.startswith("-")), "")
    for name in [named] if named in COMMANDS else COMMANDS:
        module, attribute = COMMANDS[name].split(":")
        found = getattr(importlib.import_module(f"sticli.commands.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, hidden=name.startswith("_"))(found)
    return app


def sticli(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", "-j", help="Print JSON, errors too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no notes.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print more notes.")] = False,
    no_autostart: Annotated[
        bool, typer.Option("--no-autostart", help="Never start the daemon (exit code 4).")
    ] = False,
) -> None:
    """Ask a local language model about a stream, now.

    The options below work before and after the name of a command.
    """
    context.obj = Invocation(json, quiet, verbose, not no_autostart)
    if context.invoked_subcommand is None:
        print(WELCOME)


def main() -> None:
    """The program `sticli`."""
    signal.signal(signal.SIGTERM, _terminate)
    code = run(hoist(sys.argv[1:]))
    sys.exit(code)


def run(words: list[str]) -> int:
    """One command; its exit code."""
    try:
        _invoke(words)
        sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except SticliError as error:
        return _report(error, words)
    except typer.TyperException as error:
        usage = SticliError("bad_request", error.format_message(), "see `sticli --help`")
        return _report(usage, words)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        _hush()
    except OSError as error:
        return _report(SticliError("internal", f"{error}", "see `sticli doctor`"), words)
    return 0


def hoist(words: list[str]) -> list[str]:
    """The words with the global options in front, where the parser wants them."""
    end = words.index("--") if "--" in words else len(words)
    ahead = [word for word in words[:end] if word in GLOBAL]
    return ahead + [word for word in words[:end] if word not in GLOBAL] + words[end:]


def _invoke(words: list[str]) -> None:
    command = typer.main.get_command(build(words))
    with command.make_context("sticli", [*words]) as context:
        command.invoke(context)


def _report(error: SticliError, words: list[str]) -> int:
    """Say what went wrong, once, where it is looked for."""
    if {"-j", "--json"} & set(itertools.takewhile(GLOBAL.__contains__, words)):
        failure(error)
    else:
        say(str(error))
    return error.exit_code


def _hush() -> None:
    """Whoever read our output has enough of it: the rest goes nowhere, quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
