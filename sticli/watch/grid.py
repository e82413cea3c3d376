"""Aligned columns of text that fit a width: the least important give way, one is cut short."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from sticli.watch.symbols import symbols

GAP = 2  # blanks between columns
LEAST = 12  # columns that the one which is cut short keeps, before others give way


@dataclass(frozen=True)
class Column:
    """`rank`: the highest goes first where there is no room; None stays, and is cut short."""

    head: str
    rank: int | None
    right: bool = False


def grid(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """A line of heads and one for each row, all of them harmless text; none is wider."""
    table = [[column.head for column in columns], *rows]
    widths = [max(map(cell_len, cells)) for cells in zip(*table, strict=True)]
    shown = _fitting(columns, widths, width)
    for cells in table:
        line = (" " * GAP).join(_set(cells[n], columns[n], shown[n]) for n in shown)
        yield fit(line.rstrip(), width)


def fit(text: str, width: int) -> str:
    """The text, cut where it is wider; a cut is marked."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - cell_len(symbols().cut)).rstrip() + symbols().cut


def _fitting(columns: Sequence[Column], widths: Sequence[int], room: int) -> dict[int, int]:
    """The width of each column that is shown."""
    shown = dict(enumerate(widths))
    while (over := _width(shown) - room) > 0:
        ranked = [n for n in shown if columns[n].rank is not None]
        elastic = max((n for n in shown if columns[n].rank is None), key=shown.__getitem__)
        if shown[elastic] - over >= LEAST or not ranked:
            shown[elastic] = max(1, shown[elastic] - over)
            break
        del shown[max(ranked, key=lambda n: columns[n].rank or 0)]
    return shown


def _width(shown: dict[int, int]) -> int:
    return sum(shown.values()) + GAP * (len(shown) - 1)


def _set(text: str, column: Column, width: int) -> str:
    blank = " " * max(0, width - cell_len(text))
    return blank + text if column.right else fit(text, width) + blank
