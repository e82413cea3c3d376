"""Finds which rows of a pass begin with the same blocks, so that attention reads those once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHARED = 16  # entries from which it is worth while: 1,024 cells
FEW = 4  # so many rows or fewer must share twice that


@dataclass(frozen=True, slots=True)
class Span:
    """One row of a plan: its tokens in the pass, where they stand, and all cells that they see.

    `table`, i32 [entries, 3], holds block, position of its first cell and how many cells count, in
    the order of positions and without gaps, up to the last token's own cell.
    """

    first: int  # of its tokens, among all of the pass
    count: int
    start: int  # position of its first token
    table: NDArray[np.int32]

    @property
    def tokens(self) -> NDArray[np.int64]:
        return np.arange(self.first, self.first + self.count)

    @property
    def places(self) -> NDArray[np.int64]:
        """Positions of its tokens."""
        return np.arange(self.start, self.start + self.count)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows, by their number, whose tables have the entries from `begin` to `end` in common."""

    rows: tuple[int, ...]
    begin: int
    end: int


def shared_runs(
    rows: Sequence[Span], window: int, size: int, least: int, limit: int
) -> list[Group]:
    """Groups of rows that are worth reading together, outer ones before those inside them.

    A group shares at least `least` entries that its rows still see. All groups together have at
    most `limit` tiles of `size` tokens.
    """
    groups: list[Group] = []
    for group in _Search(rows, window, size, least).below(Group(tuple(range(len(rows))), 0, 0)):
        limit -= _tiles(sum(rows[at].count for at in group.rows), size)
        if limit < 0:
            break
        groups.append(group)
    return groups


@dataclass(frozen=True, slots=True)
class _Search:
    """What groups are looked for in."""

    rows: Sequence[Span]
    window: int
    size: int
    least: int

    def below(self, group: Group) -> Iterator[Group]:
        """The groups among rows that are known to agree from `begin`, already dealt with, on."""
        for members in self._parted(group):
            inner = Group(members, group.begin, self._agreement(members, group.end))
            if self._worth(inner):
                yield inner
                inner = Group(members, inner.end, inner.end)
            yield from self.below(inner)

    def _parted(self, group: Group) -> list[tuple[int, ...]]:
        """The rows of a group by their next entry; those that stand alone there are left out."""
        parts: dict[bytes, list[int]] = {}
        for at in group.rows:
            if len(self.rows[at].table) > group.end:
                parts.setdefault(self.rows[at].table[group.end].tobytes(), []).append(at)
        return [tuple(part) for part in parts.values() if len(part) > 1]

    def _agreement(self, members: tuple[int, ...], begin: int) -> int:
        """How many entries all of them have in common, known to be more than `begin`."""
        table = self.rows[members[0]].table
        end = min(len(self.rows[at].table) for at in members)
        for at in members[1:]:
            unlike = (self.rows[at].table[begin:end] != table[begin:end]).ravel()
            first = int(unlike.argmax())
            end = begin + first // 3 if unlike[first] else end
        return end

    def _worth(self, group: Group) -> bool:
        """Whether the rows share enough and fill fewer tiles together than one by one."""
        members = [self.rows[at] for at in group.rows]
        start = min(row.start for row in members)
        low = max(group.begin, first_seen(members[0].table, start, self.window))
        if group.end - low < self.least * (1 + (len(members) <= FEW)):
            return False
        alone = sum(_tiles(row.count, self.size) for row in members)
        return _tiles(sum(row.count for row in members), self.size) < alone


def entry_of(table: NDArray[np.int32], position: int) -> int:
    """The entry that holds the cell of a position."""
    return int(table[:, 1].searchsorted(position, "right")) - 1


def first_seen(table: NDArray[np.int32], position: int, window: int) -> int:
    """The entry that holds the first cell that a token at a position sees."""
    return entry_of(table, max(0, position - window + 1)) if window else 0


def _tiles(tokens: int, size: int) -> int:
    return -(-tokens // size)
