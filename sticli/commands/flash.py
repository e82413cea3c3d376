"""`sticli flash`: questions that are answered before they are asked."""

import os
import shlex
import shutil
import sys
import time
from math import isfinite
from typing import Annotated

import typer
from msgspec import UNSET

from sticli import decision, worker
from sticli.client import Client
from sticli.commands import form
from sticli.errors import SticliError
from sticli.invocation import argument, document, of
from sticli.limit import deadline
from sticli.protocol import Flash, NewFlash
from sticli.render import one_line, plural, printable, table
from sticli.span import seconds

LOOK = 0.05  # seconds between looks at an answer that is awaited

app = typer.Typer(help="Questions that are answered before they are asked.", rich_markup_mode=None)
Session = Annotated[str, typer.Argument(metavar="SESSION", help="Name of the session.")]
Key = Annotated[str, typer.Argument(metavar="ID", help="Id of the flash question.")]


@app.command()
def add(
    context: typer.Context,
    session: Session,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question.")],
    key: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Its id; else one is made.")
    ] = None,
    max_tokens: Annotated[
        int, typer.Option(metavar="N", help="Longest answer, in tokens.", min=1)
    ] = 32,
    debounce: Annotated[
        str, typer.Option(metavar="SPAN", help="Rest after new lines, as 200ms.")
    ] = "200ms",
    choices: form.Choices = None,
    number: form.Number = False,
    schema: form.Schema = None,
    gap: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="With --choices: logits of lead that save the decoding; else the model's own.",
            min=0,
        ),
    ] = None,
    exec_: Annotated[
        str | None,
        typer.Option(
            "--exec", metavar="COMMAND", help="Program run on a changed answer (JSON on its stdin)."
        ),
    ] = None,
) -> None:
    """Register a question; prints its id."""
    call = of(context)
    request = NewFlash(
        argument(question),
        key,
        max_tokens,
        round(seconds(debounce) * 1000),
        None if exec_ is None else _words(exec_),
        form.given(choices, number, schema),
        UNSET if gap is None else gap,
    )
    if gap is not None and not choices:
        raise SticliError(
            "bad_request",
            "--gap is for a question with --choices, and none are given",
            "add --choices up,down, or leave out --gap",
        )
    if gap is not None and not isfinite(gap):
        raise SticliError("bad_request", f"--gap {gap} is no number of logits", "as --gap 2.5")
    made = call.connect().add_flash(session, request)
    document(made) if call.json else print(made.id)


@app.command("ls")
def list_(context: typer.Context, session: Session) -> None:
    """List the questions of a session and their answers."""
    call = of(context)
    found = call.connect().flashes(session)
    if call.json:
        return document(flash=found)
    heads = ("ID", "ANSWER", "FRESH", "VERSION", "LEAD", "QUESTION")
    table(sys.stdout, heads, [*map(_row, found)])


@app.command()
def get(
    context: typer.Context,
    session: Session,
    key: Key,
    stale: Annotated[bool, typer.Option("--stale", help="Print an outdated answer too.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a fresh answer.")] = False,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="Give up after this time, as 10s, with exit code 124."),
    ] = None,
) -> None:
    """Print the answer of a question; exit code 6 when it is not fresh."""
    call = of(context)
    with deadline(None if timeout is None else seconds(timeout)):
        client = call.connect()
        found = _fresh(client, session, key) if wait else client.flash(session, key)
    usable = found.answer is not None and (found.fresh or stale)
    call.detail(_detail(found))
    if call.json and usable:
        document(found)
    elif usable:
        print(printable(found.answer or ""))
    if not found.fresh:
        raise _not_fresh(found, said=usable)


@app.command()
def rm(context: typer.Context, session: Session, key: Key) -> None:
    """Remove a question."""
    call = of(context)
    call.connect().remove_flash(session, key)
    if call.json:
        document(removed=key)
    call.note(f"removed flash question {key} of {session}")


def _words(text: str) -> list[str]:
    """Program and arguments; the program by its whole path, for the daemon works elsewhere."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SticliError(
            "bad_request", f"--exec {text!r}: {error}", "close each quotation mark, as in a shell"
        ) from None
    if not words:
        raise SticliError("bad_request", "--exec is empty", "give a program and its arguments")
    program = shutil.which(words[0])
    if program is None:
        raise SticliError(
            "bad_request", f"--exec: no program {words[0]!r}", "name one that can be run"
        )
    return [os.path.abspath(program), *words[1:]]


def _fresh(client: Client, session: str, key: str) -> Flash:
    """The question once its answer is fresh, or a decision left it to an ask.

    An unchanged answer is no event, so this asks.

    Raises:
        SticliError: why there will be none.
    """
    while not ((found := client.flash(session, key)).fresh or decision.is_open(found)):
        if error := _hopeless(client, session):
            raise error
        time.sleep(LOOK)
    return found


def _hopeless(client: Client, session: str) -> SticliError | None:
    """Why the session will not be evaluated; None while there is hope."""
    if found := client.session(session).refused:
        return SticliError(found.code, found.message, found.hint)
    return worker.failure(client.status())


def _not_fresh(found: Flash, *, said: bool) -> Exception:
    """Exit code 6, as an error unless the outdated answer was wanted."""
    error = SticliError(
        "not_fresh",
        f"no fresh answer to {found.id} yet",
        "--wait waits for one, --stale prints the last one",
    )
    if decision.is_open(found):
        why = f"decision {found.id} is open, {decision.reason(found)}"
        error = SticliError(
            "not_fresh", why, f"`sticli ask {found.session} @{found.id}` answers it"
        )
    return typer.Exit(error.exit_code) if said else error


def _detail(found: Flash) -> str:
    """Where the answer came from."""
    version = "not evaluated" if found.version is None else f"version {found.version}"
    lead = f", lead {decision.standing(found)}" if decision.decides(found) else ""
    return f"{found.source or 'flash'}, {version}, {plural(found.evaluations, 'evaluation')}{lead}"


def _row(flash: Flash) -> tuple[str, ...]:
    answer = "-" if flash.answer is None else one_line(flash.answer)
    if decision.is_open(flash):
        answer = f"({decision.brief(flash)})"
    version = "-" if flash.version is None else str(flash.version)
    fresh = "yes" if flash.fresh else "no"
    return flash.id, answer, fresh, version, decision.standing(flash), flash.question
