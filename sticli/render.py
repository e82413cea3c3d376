"""What foreign text looks like on a terminal, and tables for people and for pipes."""

import os
import re
import sys
from collections.abc import Sequence
from typing import IO

ESCAPES = re.compile(
    "\x1b[\\[\x9b][0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    "|\x9b[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])"  # OSC, DCS…, up to their end; none begins in them
    "[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]*[0-~]"  # two-character sequences
)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
VISIBLE = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    **dict.fromkeys(map(ord, BIDI), "\ufffd"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
ESCAPED = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *map(ord, BIDI))}


def printable(text: str) -> str:
    """The text without escape sequences, and with other control characters made visible.

    What is left of a sequence cut in two is shown, never acted on.
    """
    if text.isprintable():
        return text.translate(VISIBLE) if not text.isascii() else text
    return ESCAPES.sub("", text).translate(VISIBLE)


def escaped(json: str) -> str:
    """JSON with every character escaped that a terminal might act on; the same value."""
    return json.translate(ESCAPED)


def one_line(text: str) -> str:
    """`printable` text with newlines and tabs made visible too."""
    return printable(text).replace("\n", "⏎").replace("\t", " ")


def colourful(stream: IO[str]) -> bool:
    """Whether colours and moving lines suit this stream."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def clear() -> None:
    """Leave the moving line of stderr, if it can have one, to what follows."""
    if colourful(sys.stderr):
        sys.stderr.write("\r\x1b[K")


def table(stream: IO[str], heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: drawn on a terminal, aligned columns of text elsewhere."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    if colourful(stream):
        _draw(stream, heads, rows)
    else:
        stream.write(columns([heads, *rows]))


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned columns, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )


def _draw(stream: IO[str], heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD)
    for head in heads:
        drawn.add_column(head, overflow="fold")  # a name or a path is of use only whole
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console(file=stream).print(drawn)


def plural(number: int, what: str) -> str:
    """1 line, 12,340 lines"""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def count(number: int) -> str:
    """12,340"""
    return f"{number:,}"


def short(number: int) -> str:
    """12,340 as it is, 123k, 4.5M: at most six letters."""
    for unit, size in (("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)):
        if number >= max(size, 100_000):
            return f"{number / size:.1f}{unit}" if number < 10 * size else f"{number // size}{unit}"
    return count(number)


def age(seconds: float) -> str:
    """How long ago, in the largest unit that fits."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(seconds, 0):.0f}s"


def size(amount: int) -> str:
    """A number of bytes, to be read at a glance."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if amount >= scale:
            return f"{amount / scale:.1f} {unit}"
    return f"{amount} B"
