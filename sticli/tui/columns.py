"""Lines of names and values, one below the other or side by side."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from textual.content import Content

from sticli.watch.symbols import symbols

Pair = tuple[str, Content | str]  # a name, and what it has
FAINT = "$foreground 60%"


def gauge(bar: str) -> Content:
    """A bar, of which what is not filled is faint."""
    full = bar.rstrip(symbols().empty)
    return Content.assemble((full, "$accent"), (bar[len(full) :], "$foreground 25%"))


def pairs(found: Iterable[Pair], width: int) -> list[Content]:
    """A line each; the names take `width` columns."""
    return [Content.assemble((name.ljust(width), FAINT), value) for name, value in found]


def beside(left: Sequence[Content], right: Sequence[Content], width: int) -> Iterator[Content]:
    """The lines of both, the right ones from column `width` on."""
    for one, other in zip_longest(left, right, fillvalue=Content()):
        yield one.pad_right(max(0, width - one.cell_length)) + other
