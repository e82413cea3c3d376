"""`sticli daemon`: the life of the daemon."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated, TextIO

import typer
from msgspec.structs import asdict

from sticli import worker
from sticli.bar import Bar
from sticli.client import Client
from sticli.commands.install import install, uninstall
from sticli.commands.status import facts
from sticli.errors import NOT_FOUND, SticliError
from sticli.invocation import Invocation, document, of
from sticli.launch import PATIENCE, asleep, command, leave, shake_hands
from sticli.paths import Paths
from sticli.protocol import Status, Version
from sticli.render import printable, table

app = typer.Typer(help="The life of the daemon.", rich_markup_mode=None)
Model = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="A model for this daemon: a path, `embedded`, hf:… or a part of a pulled name.",
    ),
]
LOADING = 60.0  # seconds without progress of the model until a start says so and leaves
LISTENS = (
    "the socket of the service is there: the next command starts the daemon; `systemctl --user stop"
    " sticli.socket` ends that"
)
STOPPING = 60.0  # seconds that a clean stop may take: it writes snapshots


@app.command()
def run(context: typer.Context, model: Model = None) -> None:
    """Run the daemon in the foreground."""
    sys.stdout.flush()
    words = command(("--foreground", *arguments(model)))
    os.execv(words[0], words)


@app.command()
def start(context: typer.Context, model: Model = None) -> None:
    """Start the daemon, if none runs."""
    call = of(context)
    launch = call.launch(*arguments(model))
    found = running(launch.paths)
    if found and model:
        call.note(
            "it runs already; `sticli daemon restart --model FILE` changes the model, or, for"
            " the service, `sticli model use FILE`"
        )
    _tell(call, launch.paths, found or launch.start())


@app.command()
def stop(context: typer.Context) -> None:
    """Stop the daemon; what it accepted is safe."""
    call = of(context)
    paths = call.launch().paths
    found = None if asleep(paths) else halt(paths)
    listens = asleep(paths)
    if call.json:
        document(stopped=found is not None, pid=found and found.pid, listens=listens)
    call.note(f"stopped the daemon (pid {found.pid})" if found else "no daemon runs")
    if listens:
        call.note(LISTENS)


@app.command()
def restart(context: typer.Context, model: Model = None) -> None:
    """Stop the daemon and start it again, with its model."""
    call = of(context)
    paths = call.launch().paths
    before = None if asleep(paths) else account(paths)
    if model and (asleep(paths) or (before and before.activated)):
        raise SticliError(
            "bad_request",
            "the daemon of the service takes its model from the settings, not from a command",
            f"`sticli model use {model}`, then `sticli daemon restart`",
        )
    renew(call, paths, arguments(model or (before and before.given) or None))


@app.command()
def status(context: typer.Context) -> None:
    """Show how the daemon is; exit code 3 when none runs."""
    call = of(context)
    paths = call.launch().paths
    listens = asleep(paths)
    if listens or not running(paths):
        if call.json:
            where = {"socket": str(paths.socket), "log": str(paths.log)}
            document(running=False, listens=listens, paths=where)
        call.note(LISTENS if listens else f"no daemon answers at {paths.socket}")
        raise typer.Exit(NOT_FOUND)
    client = Client(paths.socket)
    found = client.status()
    if call.json:
        return document(running=True, **asdict(found))
    table(sys.stdout, ("WHAT", "VALUE"), list(facts(found, client.sessions())))


@app.command()
def logs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows.")] = False,
) -> None:
    """Print the log of the daemon."""
    path = of(context).launch().paths.log
    try:
        log = open(path, encoding="utf-8", errors="replace")  # noqa: SIM115  (closed below)
    except FileNotFoundError:
        raise SticliError("not_found", f"no log at {path}", "no daemon has run yet") from None
    with log:
        _print(log, path, follow)


def _print(log: TextIO, path: Path, follow: bool) -> None:
    """Print a log, and go on as it grows and after it was put away for a new one."""
    while True:
        away = not path.exists() or not os.path.samestat(os.fstat(log.fileno()), path.stat())
        for line in log:
            sys.stdout.write(printable(line))
        sys.stdout.flush()
        if not follow:
            return
        if away and path.exists():
            with open(path, encoding="utf-8", errors="replace") as new:
                return _print(new, path, follow)
        time.sleep(0.2)


app.command("install-service")(install)
app.command("uninstall-service")(uninstall)


def renew(call: Invocation, paths: Paths, words: tuple[str, ...] = ()) -> None:
    """Stop what runs and start it with these arguments; without any the settings hold.

    Raises:
        SticliError: as `halt`, or why it does not start.
    """
    launch = call.launch(*words)
    if not asleep(paths):
        halt(paths)
    again = shake_hands(paths, PATIENCE) if asleep(paths) else launch.start()
    _tell(call, paths, again)


def arguments(model: str | None) -> tuple[str, ...]:
    """The daemon's arguments for a model.

    Raises:
        SticliError: there is no such model.
    """
    if model is None:
        return ()
    from sticli.models.find import find  # only with --model: it reads a cache

    return ("--model", str(find(model)))


def account(paths: Paths) -> Status | None:
    """How the daemon that runs is; None without one that can be understood."""
    client = Client(paths.socket)
    try:
        return client.status()
    except SticliError:
        return None
    finally:
        client.close()


def running(paths: Paths) -> Version | None:
    """The daemon that answers; None without one.

    Raises:
        SticliError: something else is wrong than that none runs.
    """
    try:
        return shake_hands(paths)
    except SticliError as error:
        if error.code != "unreachable":
            raise
        return None


def halt(paths: Paths) -> Version | None:
    """Stop the daemon and wait until it is gone; None without one.

    A daemon of another protocol is stopped too: that is what a restart is for.

    Raises:
        SticliError: timeout.
    """
    client = Client(paths.socket)
    try:
        found = client.version()
        client.stop()
    except SticliError as error:
        if error.code != "unreachable":
            raise
        return None
    finally:
        client.close()
    if not leave(found.pid, STOPPING):
        raise SticliError(
            "timeout", f"the daemon (pid {found.pid}) is still stopping", f"see {paths.log}"
        )
    return found


def _tell(call: Invocation, paths: Paths, found: Version) -> None:
    """Wait until the model is loaded, and say what runs.

    Raises:
        SticliError: why the model cannot be loaded.
    """
    client = Client(paths.socket)
    state = client.status()
    if state.worker not in worker.SETTLED and not worker.failure(state):
        call.note("the model is loading")
        with Bar(wanted=not call.quiet) as bar:
            state = worker.wait(client, LOADING, bar.show)
    if error := worker.failure(state):
        raise error
    if state.last_error:
        call.note(state.last_error)
    if state.worker not in worker.SETTLED:
        call.note(f"the model is still loading after {LOADING:g} s: `sticli daemon status`")
    if call.json:
        document(version=found)
    call.note(f"the daemon runs (pid {found.pid}, version {found.version})")
