"""Truth files: what the right answer to a decision was, line by line of a session or version by
version.

CSV of a number and a choice, with a heading (`line,truth` or `version,truth`) or without one, when
the numbers are lines; or JSON lines as {"line": 12, "truth": "up"}. Other columns and keys are left
alone.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from sticli.errors import SticliError

KINDS = ("line", "version")


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """After line (or version) `at`, both from 1, `truth` was right."""

    at: int
    truth: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Points in order, each moment once; `kind` says what their numbers count."""

    kind: str
    points: list[Point]


class Row(msgspec.Struct):
    """One JSON line."""

    truth: str
    line: int | None = None
    version: int | None = None


def read(text: Iterable[str], name: str, choices: Sequence[str]) -> Truth:
    """The truth in the lines of a file; `name` is the file's, for errors.

    Raises:
        SticliError: a row is not understood, names no choice, or contradicts another one.
    """
    found: dict[int, str] = {}
    kinds: set[str] = set()
    for place, kind, at, truth in _rows(text, name):
        kinds.add(kind)
        _check(at, truth, place, choices)
        if len(kinds) > 1:
            raise _bad(place, "names a version after lines, or a line after versions")
        if found.setdefault(at, truth) != truth:
            raise _bad(place, f"contradicts a row before it about {kind} {at}")
    if not found:
        raise SticliError("bad_request", f"{name} holds no truth", "as 12,up: a line and a choice")
    return Truth(kinds.pop(), sorted(Point(at, truth) for at, truth in found.items()))


def _rows(text: Iterable[str], name: str) -> Iterator[tuple[str, str, int, str]]:
    """Place, kind, number and truth of each row."""
    lines = iter(text)
    first = next((line for line in lines if line.strip()), "")
    whole = _chain(first, lines)
    return _json(whole, name) if first.lstrip().startswith("{") else _csv(whole, name)


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _json(lines: Iterator[str], name: str) -> Iterator[tuple[str, str, int, str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{name}, row {number}"
        try:
            row = msgspec.json.decode(line, type=Row)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise _bad(place, str(error)) from None
        if row.line is not None:
            yield place, "line", row.line, row.truth.strip()
        elif row.version is not None:
            yield place, "version", row.version, row.truth.strip()
        else:
            raise _bad(place, "names no line and no version")


def _csv(lines: Iterator[str], name: str) -> Iterator[tuple[str, str, int, str]]:
    kind, columns = "line", (0, 1)
    for number, row in enumerate(_records(lines, name), 1):
        cells, place = [cell.strip() for cell in row], f"{name}, row {number}"
        if number == 1 and any(cells) and not cells[0].isdecimal():
            kind, columns = _heading(cells, place)
        elif any(cells):
            if len(cells) <= max(columns) or not cells[columns[0]].isdecimal():
                raise _bad(place, f"no {kind} and its truth in {','.join(row)[:40]!r}")
            yield place, kind, int(cells[columns[0]]), cells[columns[1]]


def _records(lines: Iterator[str], name: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines)
    except csv.Error as error:
        raise _bad(name, f"is no CSV: {error}") from None


def _heading(cells: list[str], place: str) -> tuple[str, tuple[int, int]]:
    """Which column counts what, and which holds the truth."""
    names = [cell.lower() for cell in cells]
    kind = next((kind for kind in KINDS if kind in names), "")
    if not kind or "truth" not in names:
        raise _bad(place, f"{','.join(cells)[:40]!r} is neither a row nor a heading")
    return kind, (names.index(kind), names.index("truth"))


def _check(at: int, truth: str, place: str, choices: Sequence[str]) -> None:
    if at < 1:
        raise _bad(place, f"{at} is no number from 1 on")
    if truth not in choices:
        raise _bad(place, f"{truth[:40]!r} is none of the choices {', '.join(choices)}")


def _bad(place: str, what: str) -> SticliError:
    return SticliError(
        "bad_request", f"{place}: {what}", 'as line,truth and 12,up, or {"line": 12, "truth": "up"}'
    )
