"""`sticli ask`: a question to a session, answered ahead of time or now."""

import sys
from typing import Annotated

import msgspec
import typer

from sticli.client import Client, problem
from sticli.commands import form
from sticli.errors import SticliError
from sticli.invocation import Invocation, argument, document, of
from sticli.limit import deadline
from sticli.meter import Meter
from sticli.moment import moment
from sticli.protocol import Answer, Ask
from sticli.render import printable
from sticli.span import seconds
from sticli.watch.words import detail, remarks

EXAMPLE = 'as sticli ask SESSION "last price of ACME?"'


def ask(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Name of the session.")],
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION...",
            help="The question, or @ID of a flash question; - or nothing: from stdin.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT", help="The session as it was: VERSION, HH:MM:SS, -5m, a date-time."
        ),
    ] = None,
    choices: form.Choices = None,
    number: form.Number = False,
    schema: form.Schema = None,
    live: Annotated[bool, typer.Option("--live", help="Never use a flash answer.")] = False,
    max_age: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="Accept a flash answer up to this old, as 5s."),
    ] = None,
    max_tokens: Annotated[
        int, typer.Option(metavar="N", help="Longest answer, in tokens.", min=1)
    ] = 64,
    wait: Annotated[bool, typer.Option("--wait", help="First read every stored line.")] = False,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="Give up after this time, as 10s, with exit code 124."),
    ] = None,
) -> None:
    """Ask a session a question."""
    call = of(context)
    request = Ask(
        _question(question or []),
        max_tokens,
        live,
        None if max_age is None else seconds(max_age),
        stream=True,
        pieces=_shows(call),
        form=form.given(choices, number, schema),
        at=None if at is None else moment(at),
    )
    with deadline(None if timeout is None else seconds(timeout)):
        client = call.connect(None)
        if wait:
            newest = client.session(session).version
            request = msgspec.structs.replace(request, min_version=newest)
        _say(call, request, _answer(call, client, session, request))


def _question(words: list[str]) -> str:
    if words not in ([], ["-"]):
        return argument(" ".join(words))
    if sys.stdin is None or (not words and sys.stdin.isatty()):
        raise SticliError("bad_request", "no question is given", EXAMPLE)
    text = sys.stdin.buffer.read().decode("utf-8", "replace").strip()
    if not text:
        raise SticliError("bad_request", "the question on standard input is empty", EXAMPLE)
    return text


def _shows(call: Invocation) -> bool:
    """Whether the answer is shown as it comes."""
    return sys.stdout.isatty() and not call.json


def _answer(call: Invocation, client: Client, session: str, request: Ask) -> Answer:
    """The answer; on a terminal it is shown when this returns, unless as JSON."""
    shown, told = False, Waits(call)
    for kind, data in client.ask_stream(session, request):
        told.meter.end()
        if kind == "answer":
            answer = msgspec.json.decode(data, type=Answer)
            if _shows(call):
                _put("\n" if shown else answer.answer + "\n")
            return answer
        if kind == "piece" and _shows(call):
            _put(msgspec.json.decode(data, type=dict[str, str])["text"])
            shown = True
        elif kind == "progress":
            told.tell(msgspec.json.decode(data, type=dict[str, str]))
        elif kind == "error":
            raise problem(data) or SticliError(
                "internal", "the daemon reported an unknown error", "see `sticli daemon logs`"
            )
    raise SticliError(
        "unreachable", "the daemon went away before the answer was complete", "ask again"
    )


class Waits:
    """Says what an answer waits for: each new reason once, and on a terminal how it goes on."""

    def __init__(self, call: Invocation) -> None:
        self._call = call
        self.meter = Meter(wanted=not call.quiet)
        self._state = ""

    def tell(self, progress: dict[str, str]) -> None:
        if progress["state"] != self._state:
            self._call.note(progress["message"])
            self._state = progress["state"]
        else:
            self.meter.draw(f"sticli: {progress['message']}")


def _put(text: str) -> None:
    sys.stdout.write(printable(text))
    sys.stdout.flush()


def _say(call: Invocation, request: Ask, answer: Answer) -> None:
    if call.json:
        document(answer)
    elif not sys.stdout.isatty():
        _put(answer.answer + "\n")
    for remark in remarks(answer, past=request.at):
        call.note(remark)
    call.detail(detail(answer))
