"""Lines that hold fields, as text for a model: JSON objects and CSV records, of which blank ones
say nothing."""

import csv
from collections.abc import Callable

import msgspec

from sticli.errors import SticliError
from sticli.feeds.choice import Choice
from sticli.feeds.memory import Counts, Memory
from sticli.feeds.template import Value, compiled, pairs

HEADER = 3000  # characters of a header that is kept in a position
BOM = "\ufeff"

_decode = msgspec.json.Decoder().decode


class Malformed(Exception):
    """Why a line has no fields."""


class Formatted:
    """A stage that writes fields; a line that has none is kept as it is, or refused if strict."""

    def __init__(self, choice: Choice, memory: Memory, counts: Counts) -> None:
        """Raises SticliError where the template is none."""
        self._strict = choice.strict
        self._memory = memory
        self._counts = counts
        self._write: Callable[[str], str | None] = (
            _json(choice) if choice.format == "jsonl" else Records(choice, memory)
        )

    def __call__(self, lines: list[str]) -> list[str]:
        return [
            written
            for number, line in enumerate(lines, self._memory.lines + 1)
            if (written := self._one(number, line)) is not None
        ]

    def _one(self, number: int, line: str) -> str | None:
        try:
            return self._write(line)
        except (Malformed, RecursionError) as error:
            if self._strict:
                why = error if isinstance(error, Malformed) else "is nested too deep"
                raise SticliError(
                    "bad_request",
                    f"line {number:,} {why}: {line[:80]!r}",
                    "what came before it is stored; without --strict it is kept as it is",
                ) from None
            self._counts.malformed += 1
            return line.replace("\n", " ")


def _json(choice: Choice) -> Callable[[str], str | None]:
    """A function that writes a JSON object, and nothing for a blank line."""
    fill = compiled(choice.template) if choice.template is not None else None

    def write(line: str) -> str | None:
        if not line.strip():
            return None
        found = _object(line)
        if fill:
            return fill(lambda name: dig(found, name))
        if choice.fields:
            return pairs(choice.fields, lambda name: dig(found, name))
        return pairs(list(found), found.get)

    return write


def _object(line: str) -> dict[str, Value]:
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Malformed("is no JSON") from None
    if not isinstance(found, dict):
        raise Malformed("is no JSON object")
    return found


def dig(value: Value, path: str) -> Value:
    """What lies under `a.b.0`; None where there is nothing. A key may hold dots itself."""
    if isinstance(value, dict) and path in value:
        return value[path]
    head, _, rest = path.partition(".")
    inner = _item(value, head)
    return dig(inner, rest) if rest else inner


def _item(value: Value, head: str) -> Value:
    """What a key or a number stands for in an object or a list; None: nothing."""
    if isinstance(value, dict):
        return value.get(head)
    if not isinstance(value, list) or not head.isdecimal() or int(head) >= len(value):
        return None
    return value[int(head)]


class Records:
    """Writes CSV records; the first of a file names its columns, unless the choice does."""

    def __init__(self, choice: Choice, memory: Memory) -> None:
        self._choice = choice
        self._memory = memory
        self._fill = compiled(choice.template) if choice.template is not None else None

    def __call__(self, line: str) -> str | None:
        row = self._row(line)
        names = self._names(row) if row else None
        if names is None:
            return None
        if len(row) != len(names):
            raise Malformed(f"has {len(row)} columns instead of {len(names)}")
        found = dict(zip(names, row, strict=True))
        if self._fill:
            return self._fill(found.get)
        return pairs(self._choice.fields or names, found.get)

    def _row(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self._choice.delimiter), [])
        except csv.Error:
            raise Malformed("is no CSV") from None

    def _names(self, row: list[str]) -> list[str] | None:
        """The columns' names; None where this row was what names them."""
        if not self._choice.header:
            numbered = [str(number) for number in range(1, len(row) + 1)]
            return list(self._choice.fields) or self._numbered(numbered)
        if self._memory.columns is None:
            self._memory.columns = _header(row)
            return None
        return self._memory.columns

    def _numbered(self, names: list[str]) -> list[str]:
        """As many columns as the first row of all had."""
        self._memory.columns = self._memory.columns or _header(names)
        return self._memory.columns


def _header(row: list[str]) -> list[str]:
    names = [name.removeprefix(BOM).strip() for name in row]
    if len(msgspec.json.encode(names)) > HEADER:
        raise SticliError(
            "too_large",
            f"the header of the CSV has {len(names)} columns and more than {HEADER} characters",
            "cut the file to the columns you need first, as with `cut -d, -f1-9`",
        )
    return names
