"""The text that the fields of a line become: pairs, or a person's own template."""

import json
import re
from collections.abc import Callable
from string import Formatter
from typing import Any

from sticli.errors import SticliError

Value = Any  # of JSON, or text of a CSV
Lookup = Callable[[str], Value]

_needs_quotes = re.compile(r'[\s"=\x00-\x1f\x7f]')
_breaks = re.compile(r"\r\n|[\r\n]")


def pairs(names: list[str] | tuple[str, ...], lookup: Lookup) -> str:
    """`time=12:00 msg="disk full"`, in one line whatever the names are."""
    found = " ".join(f"{name}={_quoted(text(lookup(name)))}" for name in names)
    return _breaks.sub(" ", found) if "\n" in found or "\r" in found else found


def compiled(template: str) -> Callable[[Lookup], str]:
    """A function that fills a template such as `{time} {level}: {msg}`.

    Raises:
        SticliError: it is no template.
    """
    parts = _parts(template)

    def fill(lookup: Lookup) -> str:
        return "".join(
            literal + (_breaks.sub(" ", text(lookup(name))) if name else "")
            for literal, name in parts
        )

    return fill


def text(value: Value) -> str:
    """A value without quotes; nothing for null, JSON for what has parts."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if _needs_quotes.search(value) else value


def _parts(template: str) -> list[tuple[str, str]]:
    """Literal text and the name of the field that follows it; the last may have none."""
    try:
        found = list(Formatter().parse(template))
    except ValueError as error:
        raise _bad(template, str(error)) from None
    if _breaks.search(template):
        raise _bad(template, "it holds a line break, and a line is one line")
    for _, name, shape, conversion in found:
        if name == "" or shape or conversion:
            raise _bad(template, "a field is a name in braces, without : or !")
    if not any(name for _, name, _, _ in found):
        raise _bad(template, "it names no field")
    return [(literal, name or "") for literal, name, _, _ in found]


def _bad(template: str, why: str) -> SticliError:
    return SticliError(
        "bad_request", f"--template {template!r}: {why}", "as in --template '{time} {level} {msg}'"
    )
