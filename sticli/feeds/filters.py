"""Stages of a pipeline that leave lines out, or collapse them."""

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b

from sticli.errors import SticliError
from sticli.feeds.memory import Counts, Memory
from sticli.render import plural

REPEATED = "… (repeated "  # how a line begins that says how often another came


class Grep:
    """Keeps lines that any of the wanted patterns finds, and none of the others."""

    def __init__(self, wanted: Sequence[str], unwanted: Sequence[str], counts: Counts) -> None:
        """Raises SticliError where a pattern is none."""
        self._wanted = [_pattern("--grep", one) for one in wanted]
        self._unwanted = [_pattern("--exclude", one) for one in unwanted]
        self._counts = counts

    def __call__(self, lines: list[str]) -> list[str]:
        kept = lines
        if self._wanted:
            kept = [line for line in kept if any(found(line) for found in self._wanted)]
        for found in self._unwanted:
            kept = [line for line in kept if not found(line)]
        self._counts.filtered += len(lines) - len(kept)
        return kept


class Dedupe:
    """Gives a line that comes again and again once, then how often it was repeated."""

    def __init__(self, memory: Memory, counts: Counts) -> None:
        self._memory = memory
        self._counts = counts
        self._line: str | None = None  # the newest; None: only its digest is known

    def __call__(self, lines: list[str]) -> list[str]:
        out: list[str] = []
        for line in lines:
            if self._same(line):
                self._memory.repeats += 1
                self._counts.repeated += 1
            else:
                out += self.told()
                out.append(line)
            self._line = line
        return out

    def told(self) -> list[str]:
        """The line that says how often the newest one was repeated, if it was."""
        repeats, self._memory.repeats = self._memory.repeats, 0
        return [f"{REPEATED}{plural(repeats, 'time')})"] if repeats else []

    def remember(self) -> None:
        """Bring the memory up to date."""
        if self._line is not None:
            self._memory.last = _digest(self._line)

    def _same(self, line: str) -> bool:
        if self._line is None:
            return bool(self._memory.last) and self._memory.last == _digest(line)
        return line == self._line


class Sample:
    """Keeps the first of every so many lines; what is said of a line goes with it."""

    def __init__(self, every: int, memory: Memory, counts: Counts) -> None:
        self._every = every
        self._memory = memory
        self._counts = counts

    def __call__(self, lines: list[str]) -> list[str]:
        return [line for line in lines if self._keeps(line)]

    def _keeps(self, line: str) -> bool:
        memory = self._memory
        if not line.startswith(REPEATED):
            memory.kept = memory.sampled % self._every == 0
            memory.sampled += 1
            self._counts.sampled += not memory.kept
        return memory.kept


def stamp(shape: str, now: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    """A stage that puts the time of arrival ahead of each line.

    Raises:
        SticliError: the time would break the line.
    """
    if "\n" in now(shape):
        raise SticliError(
            "bad_request",
            f"--timestamp={shape!r} breaks the line",
            "leave %n out",
        )

    def stamped(lines: list[str]) -> list[str]:
        ahead = now(shape)
        return [f"{ahead} {line}" for line in lines]

    return stamped


def _pattern(option: str, text: str) -> Callable[[str], re.Match[str] | None]:
    try:
        return re.compile(text).search
    except (re.error, RecursionError, OverflowError) as error:
        place = getattr(error, "pos", None)
        where = f" at character {place + 1}" if place is not None else ""
        raise SticliError(
            "bad_request",
            f"{option} {text!r} is no pattern{where}: {getattr(error, 'msg', error)}",
            r"put a \ before a character that is meant as it is",
        ) from None


def _digest(line: str) -> str:
    return blake2b(line.encode(), digest_size=16).hexdigest()
