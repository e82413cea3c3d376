"""A table: columns under a title; screen.py and markdown.py write it down."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column; where there is no room, those with the highest `rank` are left out first."""

    head: str
    cells: Sequence[str]
    rank: int = 0
    text: bool = False  # words stand left, numbers right
    wraps: int = 0  # letters of a line at least, where cells may take several; 0: they may not


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length under a title."""

    title: str
    columns: Sequence[Column]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells, row by row."""
        return list(zip(*(column.cells for column in self.columns), strict=True))
