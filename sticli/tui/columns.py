"""Lines of names and values, one below the other or side by side."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from textual.content import Content

Pair = tuple[str, Content | str]  # a name, and what it has


def pairs(found: Iterable[Pair], width: int) -> list[Content]:
    """A line each; the names take `width` columns."""
    return [Content.assemble((name.ljust(width), "$text-muted"), value) for name, value in found]


def beside(left: Sequence[Content], right: Sequence[Content], width: int) -> Iterator[Content]:
    """The lines of both, the right ones from column `width` on."""
    for one, other in zip_longest(left, right, fillvalue=Content()):
        yield one.pad_right(max(0, width - one.cell_length)) + other
