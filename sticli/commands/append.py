"""`sticli append`: lines from a pipe, a file or the command line into a session, each once."""

import sys
import uuid
from pathlib import Path
from typing import Annotated

import typer

from sticli.client import Client
from sticli.errors import SticliError
from sticli.feeds import source
from sticli.feeds.choice import Choice, fields, sample
from sticli.feeds.pipeline import Pipeline
from sticli.feeds.run import Run
from sticli.feeds.sender import Target
from sticli.feeds.source import Followed, Pipe, Source, Text
from sticli.invocation import Invocation, argument, of
from sticli.protocol import MAX_DESCRIPTION, NewFeed, NewSession, OnBusy, Session

MODES = ("settled", "accepted")
LINEAR = "A pattern that backtracks without end, as (a+)+$, holds up the feed: keep it simple."


def append(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Name of the session.")],
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT...", help="Text to append; without it, standard input."),
    ] = None,
    follow: Annotated[
        Path | None,
        typer.Option(
            "--follow",
            "-F",
            metavar="FILE",
            help="Read a file and go on as it grows, over rotations and restarts, each line once.",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="start|end|BYTES",
            help="Where a file that was never followed into this session is begun.",
        ),
    ] = None,
    format: Annotated[
        str, typer.Option(metavar="plain|jsonl|csv", help="What a line is.")
    ] = "plain",
    field: Annotated[
        str | None,
        typer.Option(
            "--fields",
            metavar="A,B.C",
            help="Keep these fields, as A=… B.C=…; with --no-header, the names of all columns.",
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Write lines so: '{time} {level} {msg.text}'."),
    ] = None,
    header: Annotated[bool, typer.Option(help="Whether a CSV begins with its names.")] = True,
    delimiter: Annotated[
        str, typer.Option(metavar="CHARACTER", help="Between the columns of a CSV; or tab.")
    ] = ",",
    strict: Annotated[
        bool,
        typer.Option("--strict", help="End at a line that has not the format, not keep it as is."),
    ] = False,
    grep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help=f"Keep lines that match (Python's re; repeat: any of them). {LINEAR}",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Leave out lines that match (repeat: any of them)."),
    ] = None,
    dedupe: Annotated[
        bool,
        typer.Option("--dedupe", help="A line that comes again at once: how often, not each."),
    ] = False,
    fraction: Annotated[
        str | None,
        typer.Option("--sample", metavar="1/N", help="Keep every Nth line, counted from the 1st."),
    ] = None,
    timestamp: Annotated[
        str | None,
        typer.Option(
            metavar="[=FORMAT]", help="Put the time of arrival ahead of lines, as strftime has it."
        ),
    ] = None,
    wait: Annotated[
        str,
        typer.Option(
            metavar="settled|accepted", help="Until the model has read them, or only stored."
        ),
    ] = "settled",
    create: Annotated[bool, typer.Option(help="Create a missing session, or exit with 3.")] = True,
    producer: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Fixed id: the same input run again adds only what is missing."
        ),
    ] = None,
    on_busy: Annotated[
        OnBusy,
        typer.Option(
            metavar="wait|drop-oldest",
            help="While the model is far behind: make the pipe wait, or drop unread lines.",
        ),
    ] = OnBusy.WAIT,
    reconnect: Annotated[
        bool, typer.Option(help="Outlive the daemon, or exit with 4 when it is gone.")
    ] = True,
) -> None:
    """Append lines to a session as they arrive.

    Reads standard input up to its end, or a file that grows without end; every line is stored
    once, even when the daemon is killed and started again in between. Ctrl-C stores what was read
    and exits with 130. On their way lines are cut, formatted, filtered by --grep and --exclude,
    collapsed by --dedupe, sampled and stamped with the time, in this order.
    """
    choice = Choice(
        format,
        fields(field),
        argument(template) if template is not None else None,
        header,
        "\t" if delimiter in ("tab", "\\t") else delimiter,
        strict,
        tuple(grep or ()),
        tuple(exclude or ()),
        dedupe,
        sample(fraction),
        argument(timestamp) if timestamp is not None else None,
    )
    Pipeline(choice)  # so that a bad pattern is refused before anything is made
    _check(wait, text, follow, start)
    call, producer = of(context), argument(producer) if producer is not None else None
    origin = _source(call, choice, text, follow, start, producer)
    client, known = _session(call, session, create)
    key = producer or (source.producer(follow) if follow else uuid.uuid4().hex)
    feed = client.register(session, key, origin.registration) if origin.registration else None
    first, number = (feed.next_seq if follow else 0, feed.run) if feed else (0, 0)
    target = Target(session, key, call.connect, call.note, reconnect, on_busy, first, number)
    run = Run(call, target, client, origin, known.dropped)
    code = run.read(choice, feed)
    run.finish(wait == "settled" and not code)
    raise typer.Exit(code)


def _check(wait: str, text: list[str] | None, follow: Path | None, start: str | None) -> None:
    """Refuse what does not fit together."""
    if wait not in MODES:
        raise SticliError(
            "bad_request", f"--wait {wait} is no moment", f"allowed: {', '.join(MODES)}"
        )
    if follow and text:
        raise SticliError(
            "bad_request", "--follow FILE and TEXT are both given", "append them one by one"
        )
    if start is not None and not follow:
        raise SticliError("bad_request", "--from is for a file", "name it with --follow FILE")
    if not text and not follow and sys.stdin is None:
        raise SticliError("bad_request", "standard input is closed", "give TEXT, or pipe lines in")


def _source(
    call: Invocation,
    choice: Choice,
    text: list[str] | None,
    follow: Path | None,
    start: str | None,
    producer: str | None,
) -> Source:
    """Where the lines come from."""
    if text:
        return Text(text)
    words = choice.words()
    if producer and "/" in producer and (follow or words):
        raise SticliError(
            "bad_request", f"--producer {producer} holds a /", "leave it out of the id"
        )
    if follow:
        path = source.located(follow)
        description = _description([f"follows {path}", *words])
        return Followed(path, start, NewFeed(description, lasting=True), call.note)
    if producer and choice.dedupe:
        raise SticliError(
            "bad_request",
            "--dedupe tells of repeats by the clock, so a pipe with --producer does not repeat",
            "leave one of them out, or follow a file",
        )
    if not words:
        return Pipe(None, call.note, bool(producer))
    told = NewFeed(_description(["pipe", *words]), lasting=bool(producer))
    return Pipe(told, call.note, bool(producer))


def _description(words: list[str]) -> str:
    text = ", ".join(words).encode(errors="replace")
    return text[:MAX_DESCRIPTION].decode(errors="ignore")


def _session(call: Invocation, name: str, create: bool) -> tuple[Client, Session]:
    """A client, once the session exists, and that."""
    client = call.connect()
    try:
        return client, client.session(name)
    except SticliError as error:
        if error.code != "not_found" or not create:
            raise
    return client, _create(call, client, name)


def _create(call: Invocation, client: Client, name: str) -> Session:
    try:
        made = client.new(NewSession(name))
    except SticliError as error:
        if error.code != "exists":
            raise
        return client.session(name)  # another producer was quicker: as good
    call.note(f"created session {name}")
    return made
