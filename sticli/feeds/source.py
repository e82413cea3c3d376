"""Where an append gets its bytes: words of the command line, a pipe, or a file that grows."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from sticli.errors import SticliError
from sticli.feeds.choice import Choice
from sticli.feeds.follow import Follow, check
from sticli.feeds.intake import Intake
from sticli.feeds.pipeline import Pipeline
from sticli.feeds.place import Position, parse
from sticli.feeds.reader import Reader
from sticli.feeds.spool import Spool
from sticli.protocol import Feed, NewFeed

Note = Callable[[str], None]
Tick = Callable[[], None]


class Source(Protocol):
    """Something that lines come from."""

    @property
    def registration(self) -> NewFeed | None:
        """What the session is told of it; None: nothing."""

    @property
    def typed(self) -> bool:
        """Whether somebody types it, whom a moving line would disturb."""

    def intake(self, choice: Choice, spool: Spool, feed: Feed | None) -> Intake:
        """What its bytes go into.

        Raises:
            SticliError: it cannot go on where the feed was.
        """

    def run(self, intake: Intake, wake: int, tick: Tick, every: float | None) -> None:
        """Read until there is no more, `wake` becomes readable or a line is refused."""


@dataclass(frozen=True)
class Text:
    """Words of the command line."""

    words: list[str]
    registration: NewFeed | None = None
    typed: bool = False

    def intake(self, choice: Choice, spool: Spool, feed: Feed | None) -> Intake:
        return Intake(Pipeline(choice), spool)

    def run(self, intake: Intake, wake: int, tick: Tick, every: float | None) -> None:
        intake.take(os.fsencode(" ".join(self.words)))
        intake.finish()


@dataclass(frozen=True)
class Pipe:
    """Standard input; one that is `repeatable` will be given again from its start."""

    registration: NewFeed | None
    note: Note
    repeatable: bool = False

    @property
    def typed(self) -> bool:
        return sys.stdin.isatty()

    def intake(self, choice: Choice, spool: Spool, feed: Feed | None) -> Intake:
        return Intake(Pipeline(choice), spool)

    def run(self, intake: Intake, wake: int, tick: Tick, every: float | None) -> None:
        if self.typed:
            self.note("reading from the terminal, Ctrl-D to end")
        reader = Reader(0, intake)
        reader.run(wake, tick, every)
        if reader.ended or not self.repeatable:
            intake.finish()
        else:  # half a line would be taken for a whole one, and the whole one not be stored then
            intake.flush()


class Followed:
    """A file that grows; its position is kept with the lines."""

    def __init__(self, path: Path, start: str | None, description: NewFeed, note: Note) -> None:
        """Raises SticliError where it cannot be followed, or `start` is no place in a file."""
        check(path)
        self.registration: NewFeed | None = description
        self.typed = False
        self._path = path
        self._start = _offset(start)
        self._said = start
        self._note = note
        self._follow = Follow(path, note)

    def intake(self, choice: Choice, spool: Spool, feed: Feed | None) -> Intake:
        position = _position(feed)
        memory = self._follow.start(position, self._start)
        if position:
            self._say(position)
        intake = Intake(Pipeline(choice, memory), spool, self._follow.where)
        intake.learn(self._follow.skipped())
        intake.flush()  # where it begins is known from now on
        return intake

    def run(self, intake: Intake, wake: int, tick: Tick, every: float | None) -> None:
        self._follow.run(intake, wake, tick)
        intake.flush()

    def _say(self, position: Position) -> None:
        """That it goes on, where somebody wanted it to begin."""
        if self._said is not None:
            place = f"at byte {position.place.offset:,}" if position.place else "at its start"
            self._note(f"--from is for a new feed: this one goes on {place}")


def producer(path: Path) -> str:
    """The name under which the feed of a file is known."""
    return f"follow-{blake2b(bytes(located(path)), digest_size=8).hexdigest()}"


def located(path: Path) -> Path:
    """The path, the same for every way to say it; a link that bears the name stays one."""
    return path.parent.resolve() / path.name


def _offset(start: str | None) -> int | None:
    """A number of bytes; None: the end of the file."""
    if start is None or start == "start":
        return 0
    if start == "end":
        return None
    if not start.isdecimal() or len(start) > 18:
        raise SticliError(
            "bad_request",
            f"--from {start} is no place",
            "say start, end, or a number of bytes to skip",
        )
    return int(start)


def _position(feed: Feed | None) -> Position | None:
    if not feed or not feed.position:
        return None
    position = parse(feed.position)
    if position is None:
        raise SticliError(
            "bad_request",
            f"the position of producer {feed.producer!r} is not one of a followed file",
            "give this feed a name of its own with --producer",
        )
    return position
