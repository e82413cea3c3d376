"""What a request may hold: names, lengths, numbers; everything else is refused with a reason."""

import re

import msgspec

from sticli import protocol
from sticli.daemon.forms import check_form
from sticli.errors import SticliError
from sticli.models import gap

QUESTION_BYTES = 16 << 10
SYSTEM_BYTES = 64 << 10
TOKENS = range(1, 4097)
CELLS = range(64, 1 << 24)
DEBOUNCE_MS = range(0, 3_600_001)
ARGUMENTS = 64  # of a hook
PRODUCER = 128  # characters

_name = re.compile(protocol.NAME)


def check_session(request: protocol.NewSession) -> None:
    """Raises SticliError when a session cannot be made like this."""
    check_name(request.name, "session name")
    if request.limit is not None:
        _within(request.limit, CELLS, "limit")
    if request.system is not None:
        _text(request.system, SYSTEM_BYTES, "system text")
    if request.tenant:
        check_name(request.tenant, "tenant label")
    _check_source(request)


def _check_source(request: protocol.NewSession) -> None:
    if request.source is not None:
        check_name(request.source, "session name")
    if request.at is None:
        return
    if request.source is None:
        raise SticliError(
            "bad_request",
            "at is given without a source",
            "say in source which session the new one begins as",
        )
    _check_at(request.at)


def _check_at(at: protocol.At) -> None:
    if (at.version is None) == (at.time is None):
        raise SticliError(
            "bad_request",
            "at is not exactly one of a version and a time",
            'as {"version": 12} or {"time": 1767225600}',
        )


def check_name(name: str, what: str) -> None:
    """Raises SticliError unless the name is short, plain and no path."""
    if not _name.match(name) or name in (".", "..") or name.endswith("\n"):
        raise SticliError(
            "bad_request",
            f"{name[:80]!r} is no {what}",
            "use 1 to 64 of the characters A-Z a-z 0-9 _ . - and begin with no -",
        )


def check_lines(request: protocol.Append) -> None:
    """Raises SticliError when a line holds a newline, is too long or is no Unicode text."""
    if request.first_seq < 0 or len(request.producer) > PRODUCER:
        raise SticliError(
            "bad_request",
            f"first_seq is {request.first_seq} and the producer's name has"
            f" {len(request.producer)} characters: allowed are 0 on, and {PRODUCER}",
            "shorten --producer",
        )
    _text(request.position, protocol.MAX_POSITION, "position")
    lines = request.lines
    text = "\n".join(lines)
    if text.count("\n") != max(0, len(lines) - 1):
        raise SticliError("bad_request", "a line holds a newline", "send it as two lines")
    size = len(_encode(text, "a line"))
    if size > protocol.MAX_LINE and 4 * max(map(len, lines)) > protocol.MAX_LINE:
        _check_each(lines)


def _check_each(lines: list[str]) -> None:
    for number, line in enumerate(lines):
        if len(line.encode()) > protocol.MAX_LINE:
            raise SticliError(
                "too_large",
                f"line {number} of the batch is longer than {protocol.MAX_LINE} bytes",
                "split it",
            )


def check_feed(producer: str, feed: protocol.NewFeed) -> None:
    """Raises SticliError when a feed cannot be registered like this."""
    if len(producer) > PRODUCER:
        raise SticliError(
            "bad_request",
            f"the producer's name has {len(producer)} characters, allowed are {PRODUCER}",
            "shorten --producer",
        )
    _text(feed.description, protocol.MAX_DESCRIPTION, "description of the feed")


def check_ask(request: protocol.Ask) -> None:
    """Raises SticliError when a question cannot be asked like this."""
    _question(request.question)
    _within(request.max_tokens, TOKENS, "max_tokens")
    if request.max_age is not None and not request.max_age >= 0:
        raise SticliError(
            "bad_request", "max_age is not a time of 0 seconds or more", "as --max-age 5s"
        )
    if request.form is not None:
        check_form(request.form)
    if request.at is not None:
        _check_at(request.at)


def check_flash(request: protocol.NewFlash) -> None:
    """Raises SticliError when a flash question cannot be like this."""
    _question(request.question)
    _within(request.max_tokens, TOKENS, "max_tokens")
    _within(request.debounce_ms, DEBOUNCE_MS, "debounce_ms")
    if request.id is not None:
        check_name(request.id, "id of a flash question")
    if request.exec is not None:
        _check_command(request.exec)
    if request.form is not None:
        check_form(request.form)
    if request.gap is not msgspec.UNSET and not 0 <= request.gap <= gap.MOST:
        raise SticliError(
            "bad_request", f"gap is {request.gap:g}, allowed are 0 to {gap.MOST}", "as --gap 2.5"
        )


def _check_command(arguments: list[str]) -> None:
    total = sum(len(_encode(argument, "exec")) for argument in arguments)
    if not 1 <= len(arguments) <= ARGUMENTS or not arguments[0] or total > SYSTEM_BYTES:
        raise SticliError(
            "bad_request",
            f"exec has {len(arguments)} arguments and {total} bytes: allowed are 1 to {ARGUMENTS},"
            f" the first not empty, and {SYSTEM_BYTES}",
            "put it into a script, and name that",
        )
    if any("\0" in argument for argument in arguments):
        raise SticliError(
            "bad_request", "an argument of exec holds a NUL, which no program takes", "remove it"
        )


def _question(text: str) -> None:
    if not text.strip():
        raise SticliError("bad_request", "the question is empty", "say what is to be answered")
    _text(text, QUESTION_BYTES, "question")


def _text(text: str, limit: int, what: str) -> None:
    size = len(_encode(text, what))
    if size > limit:
        raise SticliError(
            "too_large", f"the {what} has {size} bytes, allowed are {limit}", "shorten it"
        )


def _encode(text: str, what: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise SticliError(
            "bad_request",
            f"{what} is no Unicode text: it holds half of a surrogate pair",
            "send both halves, or none",
        ) from None


def _within(value: int, allowed: range, what: str) -> None:
    if value not in allowed:
        raise SticliError(
            "bad_request",
            f"{what} is {value}, allowed are {allowed[0]} to {allowed[-1]}",
            "give a number in between",
        )
