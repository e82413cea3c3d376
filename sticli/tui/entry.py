"""A line of a roll: what it says, and how it is drawn in so many columns."""

import re
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from sticli.watch.symbols import symbols

ROOMY = 90  # columns from which the heads of lines are shown


@dataclass(frozen=True)
class Entry:
    """One line, harmless to print."""

    text: str
    head: str = ""  # number and time
    mark: str = ""  # a symbol
    remark: bool = False  # said by us, not by a feed: neither filtered nor chosen


@dataclass(frozen=True)
class Looks:
    """How all lines are drawn: asked for once for all of them."""

    room: int  # columns
    heads: bool
    pattern: re.Pattern[str] | None  # what stands out
    plain: Style
    here: Style
    head: Style
    match: Style
    remark: Style


def drawn(entry: Entry, looks: Looks, *, here: bool) -> Strip:
    """The line, cut where it does not fit; `here` is the cursor."""
    style = looks.plain + looks.here if here else looks.plain
    strip = Strip([Segment(symbols().cursor if here else " ", style), *_parts(entry, looks, style)])
    if strip.cell_length > looks.room:
        cut = Segment(symbols().cut, style)
        strip = Strip([*strip.crop(0, looks.room - cut.cell_length), cut])
    return strip.adjust_cell_length(looks.room, style)


def _parts(entry: Entry, looks: Looks, style: Style) -> list[Segment]:
    if entry.remark:
        return [Segment(entry.text, style + looks.remark)]
    head = [Segment(f"{entry.head} ", style + looks.head)] if entry.head and looks.heads else []
    mark = [Segment(f"{entry.mark} ", style)] if entry.mark else []
    return [*head, *mark, *_marked(entry.text[: 4 * looks.room], looks, style)]


def _marked(text: str, looks: Looks, style: Style) -> list[Segment]:
    """The text, with what is looked for standing out."""
    found, end = [], 0
    for match in looks.pattern.finditer(text) if looks.pattern else ():
        bright = Segment(match[0], style + looks.match)
        found += [Segment(text[end : match.start()], style), bright]
        end = match.end()
    return [*found, Segment(text[end:], style)]
