"""The command line: which commands there are, and how every run of the program ends."""

import difflib
import gc
import importlib
import io
import os
import re
import signal
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Annotated

import typer

from sticli import __version__
from sticli.catalogue import COMMANDS, MEANT
from sticli.errors import INTERRUPTED, SticliError, refused
from sticli.invocation import Invocation, failure, say
from sticli.words import first, hoist, spelt, wants_json

HELP = ("-h", "--help")
PLAINLY = (  # how Typer has it, and in the words of people
    (r"is not a valid int\w*( range)?$", "is no whole number"),
    (r"is not a valid float( range)?$", "is no number"),
    (r" \(Possible options: (.+)\)$", r". Did you mean \1?"),
)
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


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The program with these commands."""
    app = _root()
    for name in names:
        module, attribute = COMMANDS[name][0].split(":")
        found = getattr(importlib.import_module(f"sticli.commands.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, hidden=name.startswith("_"))(found)
    return app


def outline() -> typer.Typer:
    """The program with the names of its commands: enough for its help, and for a word amiss."""
    app = _root()
    for name, (_, line) in COMMANDS.items():
        app.command(name, help=line, hidden=name.startswith("_"))(_elsewhere)
    return app


def _root() -> typer.Typer:
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": [*HELP]},
    )
    app.callback(invoke_without_command=True, epilog=EXITS)(sticli)
    return app


def _elsewhere() -> None:
    """What stands for a command that is not loaded."""


def sticli(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", "-j", help="Print JSON, errors too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no notes.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print more notes.")] = False,
    no_autostart: Annotated[
        bool, typer.Option("--no-autostart", help="Never start the daemon (exit code 4).")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Ask a local language model about a stream, now.

    The options below work before and after the name of a command.
    """
    context.obj = Invocation(json, quiet, verbose, not no_autostart)
    if version:
        print(f"sticli {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(WELCOME)


def main() -> None:
    """The program `sticli`."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _terminate)
    _open_streams()
    if plain := os.environ.get("STICLI_NO_COLOR"):
        os.environ["NO_COLOR"] = plain  # which is what everything looks at
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while an end was told
        code = INTERRUPTED
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        # a Ctrl-C now ends nothing but Python's own clearing up; a second one not even that
        late = signal.SIG_IGN if code == INTERRUPTED else signal.SIG_DFL
        signal.signal(signal.SIGINT, late)
    sys.exit(code)


def run(words: list[str]) -> int:
    """One command; its exit code."""
    try:
        _invoke(hoist(spelt(words)))
        sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except SticliError as error:
        return _report(error, words)
    except typer.TyperException as error:
        return _report(_usage(error), words)
    except typer.Abort:
        print(file=sys.stderr)  # the prompt's line ends
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _hush()
    except OSError as error:
        return _report(refused(error), words)
    return 0


def _invoke(words: list[str]) -> None:
    named = first(words)
    if named and named not in COMMANDS:
        raise _no_command(named)
    command = typer.main.get_command(build([named]) if named in COMMANDS else outline())
    if set(HELP) & set(words):
        _footnote(command)
    _begin()
    with command.make_context("sticli", [*words]) as context:
        command.invoke(context)


def _begin() -> None:
    """All is loaded: what __main__.py put off until then is in force again."""
    gc.enable()
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _footnote(command: object, path: tuple[str, ...] = ()) -> None:
    """Let the help of every command below this one end with examples."""
    from sticli.examples import epilog

    for name, one in getattr(command, "commands", {}).items():
        one.epilog = epilog(" ".join((*path, name)))
        _footnote(one, (*path, name))


def _no_command(name: str) -> SticliError:
    """There is none of this name, and which one may be meant."""
    shown = [one for one in COMMANDS if not one.startswith("_")]
    close = [MEANT[name]] if name in MEANT else difflib.get_close_matches(name, shown, 1)
    meant = f"did you mean `sticli {close[0]}`? " if close else ""
    return SticliError("bad_request", f"no command {name!r}", f"{meant}see `sticli --help`")


def _usage(error: typer.TyperException) -> SticliError:
    """What is wrong with the words, and whose help says more."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "sticli"
    said = error.format_message().rstrip(".")
    for typers, ours in PLAINLY:
        said = re.sub(typers, ours, said)
    return SticliError("bad_request", said, f"see `{path} --help`")


def _open_streams() -> None:
    """Give what is closed somewhere to go, and let no letter be one that cannot be printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _report(error: SticliError, words: list[str]) -> int:
    """Say what went wrong, once, where it is looked for; on stderr where stdout takes nothing."""
    if wants_json(words):
        try:
            failure(error)
            return error.exit_code
        except OSError:
            _hush()
    say(str(error))
    return error.exit_code


def _hush() -> None:
    """Whoever read our output has enough of it: the rest goes nowhere, quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
