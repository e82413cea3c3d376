"""A question as it is typed in the dashboard, and on its way to its answer."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import msgspec

from sticli.client import Client, problem
from sticli.commands.form import given
from sticli.errors import SticliError
from sticli.moment import moment
from sticli.protocol import Answer, Ask
from sticli.span import seconds
from sticli.watch.news import Source

SYNTAX = (
    ("@ID", "what a flash question asks"),
    ("--live", "never use a flash answer"),
    ("--wait", "first read every stored line"),
    ("--at MOMENT", "the session as it was: VERSION, 10:05:00, -5m"),
    ("--choices A,B", "one of these; in quotes where one holds a blank"),
    ("--number", "a number"),
    ("--schema FILE", "JSON that the JSON schema in FILE allows"),
    ("--max-age 5s", "accept a flash answer up to this old"),
    ("--max-tokens N", "longest answer, in tokens"),
)
OPTION = (
    "--(?:(?P<plain>live|number|wait)"
    '|(?P<name>at|choices|schema|max-age|max-tokens)[ =](?P<value>"[^"]*"|\\S+))'
)
AHEAD = re.compile(rf"\s*{OPTION}(?=\s|$)")
BEHIND = re.compile(rf"(?:^|\s){OPTION}\s*$")


@dataclass(frozen=True)
class Piece:
    """More of the answer."""

    text: str


@dataclass(frozen=True)
class Wait:
    """What the answer waits for."""

    message: str


Told = Piece | Wait | Answer | SticliError


@dataclass(frozen=True)
class Typed:
    """What is asked; with `wait` every line that is stored is read before."""

    ask: Ask
    wait: bool = False


def read(text: str) -> Typed:
    """What a person has typed: a question, with options before or behind it.

    Raises:
        SticliError: there is no question, or an option means nothing.
    """
    question, options = _parted(text)
    if not question:
        raise SticliError("bad_request", "no question", "as: last price of ACME?")
    ask = Ask(
        question,
        _tokens(options["max-tokens"]) if "max-tokens" in options else 64,
        "live" in options,
        seconds(options["max-age"]) if "max-age" in options else None,
        stream=True,
        form=given(options.get("choices"), "number" in options, options.get("schema")),
        at=moment(options["at"]) if "at" in options else None,
    )
    return Typed(ask, "wait" in options)


def _parted(text: str) -> tuple[str, dict[str, str]]:
    """The question and its options; one that begins with `-- ` holds none."""
    text = text.strip()
    if text.startswith("-- "):
        return text[3:].strip(), {}
    options: dict[str, str] = {}
    for where in (AHEAD.match, BEHIND.search):
        while found := where(text):
            options[found["plain"] or found["name"]] = (found["value"] or "").strip('"')
            text = text[: found.start()] + text[found.end() :]
    text = text.strip()
    if found := re.match(r"--[\w-]*", text):
        raise SticliError(
            "bad_request", f"{found[0]} is no option, or lacks its value", "F1 lists the options"
        )
    return text, options


def _tokens(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text[:9]) == int(text)):
        raise SticliError("bad_request", f"--max-tokens {text} is no number of tokens", "as 64")
    return int(text)


class Asking:
    """One question on its way. `run` is for a thread of its own, `cancel` for any other."""

    def __init__(self, source: Source, session: str, typed: Typed) -> None:
        self.ask = typed.ask
        self.cancelled = False
        self._wait = typed.wait
        self._source = source
        self._session = session
        self._client: Client | None = None

    def run(self, tell: Callable[[Told], None]) -> None:
        """Tell all that comes; the last is an answer or an error, unless it was cancelled."""
        try:
            for told in self._told():
                if self.cancelled:
                    return
                tell(told)
        except SticliError as error:
            if not self.cancelled:
                tell(error)

    def cancel(self) -> None:
        """Hang up: the daemon then gives up the work."""
        self.cancelled = True
        if client := self._client:
            client.abandon()

    def _told(self) -> Iterator[Told]:
        with closing(self._source.client()) as first:
            newest = first.session(self._session).version if self._wait else None
            self._client = client = first.again()
        if self.cancelled:
            return
        ask = msgspec.structs.replace(self.ask, min_version=newest)
        for kind, data in client.ask_stream(self._session, ask):
            yield _told(kind, data)
            if kind == "answer":
                return
        raise SticliError(
            "unreachable",
            "the daemon went away before the answer was complete",
            "ask again once it is back",
        )


def _told(kind: str, data: bytes) -> Told:
    if kind == "answer":
        return msgspec.json.decode(data, type=Answer)
    if kind == "error":
        raise problem(data) or SticliError(
            "internal", "the daemon reported an unknown error", "see `sticli daemon logs`"
        )
    said = msgspec.json.decode(data, type=dict[str, str])
    return Piece(said["text"]) if kind == "piece" else Wait(said.get("message", ""))
