"""Cuts attention into a list of work: tiles of tokens against runs of blocks, shared ones once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.gpu.sharing import (
    SHARED,
    Group,
    Span,
    entry_of,
    first_seen,
    shared_runs,
)
from sticli.kernels.attention import WAVE

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
ROWS = 64  # the most rows of a tile: its tokens times the query heads of one kv head


@dataclass(frozen=True, slots=True)
class Heads:
    """How many heads queries have, and how many of keys and values they share."""

    query: int
    kv: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """The most that lists for so many tokens hold, whatever stands in the tables."""

    tokens: int
    tiles: int
    items: int
    merges: int


@dataclass(frozen=True, slots=True)
class Lists:
    """What operands.Work holds, on the host, but for the positions of tokens."""

    tiles: Ints  # [tiles, tokens of a tile]
    items: Ints  # [items, 3]
    table: Ints  # [entries, 3]
    starts: Ints  # [tokens + 1]
    merges: Ints  # [..., 2]
    counts: Ints  # [1]


@dataclass(frozen=True, slots=True)
class _Readings:
    """Tiles, and for each the run of entries that it sees."""

    tiles: Ints  # [tiles, tokens of a tile]
    firsts: Longs  # [tiles]: first entry, in `table`
    counts: Longs  # [tiles]: entries
    table: Ints  # [entries, 3]


def sizes(tokens: int, heads: Heads, sms: int) -> Sizes:
    """What arrays must hold for any pass of so many tokens."""
    tiles = 2 * tokens  # each token alone, and as many tiles of groups
    items = tiles + _target(heads, sms)
    return Sizes(tokens, tiles, items, items * tile_size(tokens, heads))


def tile_size(tokens: int, heads: Heads) -> int:
    """Tokens of a tile in a pass of so many; by number only, so that a recorded pass holds."""
    group = heads.query // heads.kv
    rows = 16 if tokens * group <= 16 else 32 if tokens * group <= 32 else ROWS
    return max(1, rows // group)


def build(
    rows: Sequence[Span],
    window: int,
    heads: Heads,
    sms: int,
    *,
    tokens: int = 0,
    shared: int = SHARED,
) -> Lists:
    """The list of work of a pass: every token against every cell that it sees, once.

    With a `window` a token sees only the last so many cells. `tokens` counts the padding too, `sms`
    the multiprocessors that will share the work. Rows whose tables begin with the same `shared`
    entries or more are read together.
    """
    rows = [row for row in rows if row.count]
    tokens = tokens or sum(row.count for row in rows)
    size = tile_size(tokens, heads)
    if not rows:
        return _nothing(tokens, size)
    groups = shared_runs(rows, window, size, shared, tokens)
    begins = [0] * len(rows)
    for group in groups:
        for at in group.rows:
            begins[at] = group.end
    readings = [_together(rows, group, window, size) for group in groups]
    readings.append(_alone(rows, begins, window, size))
    tiles, runs, table = _stacked(readings)
    items = _cut(runs, tiles, heads, sms)
    starts, merges = _merges(items, tiles, tokens)
    counts = np.array([len(items)], np.int32)
    return Lists(tiles, items, table, starts, merges, counts)


def _nothing(tokens: int, size: int) -> Lists:
    """The lists of a pass that is all padding."""
    none = np.zeros((0, 3), np.int32)
    starts, counts = np.zeros(tokens + 1, np.int32), np.zeros(1, np.int32)
    return Lists(np.zeros((0, size), np.int32), none, none, starts, none[:, :2], counts)


def _target(heads: Heads, sms: int) -> int:
    """Items that fill the GPU once: each stands for one program a kv head."""
    return max(1, WAVE * sms // heads.kv)


def _together(rows: Sequence[Span], group: Group, window: int, size: int) -> _Readings:
    """The tiles of a group's tokens against what its rows share."""
    members = [rows[at] for at in group.rows]
    tiles = _tiled(np.concatenate([row.tokens for row in members]), size, -1)
    places = _tiled(np.concatenate([row.places for row in members]), size, np.iinfo(np.int32).max)
    table = members[0].table
    seen = (first_seen(table, place, window) for place in places.min(1).tolist())
    lows = np.array([min(max(low, group.begin), group.end) for low in seen])
    lowest = int(lows.min())
    return _Readings(tiles, lows - lowest, group.end - lows, table[lowest : group.end])


def _alone(rows: Sequence[Span], begins: Sequence[int], window: int, size: int) -> _Readings:
    """The tiles of each row's tokens against its own entries, from where its groups end on."""
    first, count = np.array([(row.first, row.count) for row in rows]).T
    row, piece = _spread(-(-count // size))
    rest = (count[row] - piece * size)[:, None]
    place = np.arange(size)
    tiles = np.where(place < rest, (first[row] + piece * size)[:, None] + place, -1)
    seen = [_own(*pair, window, size) for pair in zip(rows, begins, strict=True)]
    lowest = [lows[0] for lows, _ in seen]  # later tokens see nothing before it
    table = np.concatenate([item.table[low:] for item, low in zip(rows, lowest, strict=True)])
    lengths = np.array([len(item.table) - low for item, low in zip(rows, lowest, strict=True)])
    offsets: Longs = np.cumsum(lengths) - lengths - lowest
    lows, highs = (np.array([entry for pair in seen for entry in pair[end]]) for end in (0, 1))
    return _Readings(tiles.astype(np.int32), lows + offsets[row], highs - lows, table)


def _own(row: Span, begin: int, window: int, size: int) -> tuple[list[int], list[int]]:
    """For each tile of a row the entries that it sees: the first, from `begin` on, and the end."""
    starts, end = range(row.start, row.start + row.count, size), row.start + row.count
    lows = [max(begin, first_seen(row.table, start, window)) for start in starts]
    lasts = (min(start + size, end) - 1 for start in starts)  # none of the future
    highs = [entry_of(row.table, last) + 1 for last in lasts]
    return lows, [max(pair) for pair in zip(lows, highs, strict=True)]


def _spread(counts: Longs) -> tuple[Longs, Longs]:
    """For every one of `counts[i]` pieces of each i: i, and which of its pieces it is."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]


def _tiled(values: Longs, size: int, fill: int) -> Ints:
    """Values in rows of `size`, the last one filled up."""
    tiles = np.full((math.ceil(len(values) / size), size), fill, np.int32)
    tiles.reshape(-1)[: len(values)] = values
    return tiles


def _stacked(readings: Sequence[_Readings]) -> tuple[Ints, Ints, Ints]:
    """All tiles, [runs, 3] of tile, first entry and entries, and the table that they mean."""
    tiles = np.concatenate([item.tiles for item in readings])
    lengths = np.array([len(item.table) for item in readings])
    which, _ = _spread(np.array([len(item.tiles) for item in readings]))
    first = (
        np.concatenate([item.firsts for item in readings]) + (np.cumsum(lengths) - lengths)[which]
    )
    count = np.concatenate([item.counts for item in readings])
    runs = np.stack((np.arange(len(tiles)), first, count), 1)[count > 0]
    return tiles, runs.astype(np.int32), np.concatenate([item.table for item in readings])


def _cut(runs: Ints, tiles: Ints, heads: Heads, sms: int) -> Ints:
    """Items: the runs in pieces that fill the GPU evenly, the longest first.

    A piece writes as many numbers as its tile has rows, so a larger tile gets longer pieces.
    """
    tile, first, count = runs.astype(np.int64).T
    least = np.maximum(2, (tiles[tile] >= 0).sum(1) * (heads.query // heads.kv) // 4)
    pieces = _pieces(count, least, _target(heads, sms))
    run, piece = _spread(pieces)
    begin, end = (count[run] * at // pieces[run] for at in (piece, piece + 1))
    items = np.stack((tile[run], first[run] + begin, end - begin), 1).astype(np.int32)
    return items[np.argsort(begin - end, kind="stable")]


def _pieces(count: Longs, least: Longs, target: int) -> Longs:
    """In how many pieces to cut each run, so that the busiest program is done soonest.

    Either as long as would fill the programs if lengths came out even, or a little longer, so that
    there are no more pieces than programs: one too many would double the time.
    """
    total = int(count.sum())
    spans = (-(-total // programs) for programs in (target, max(1, target - len(count))))
    choices: list[Longs] = [-(-count // np.maximum(least, span)) for span in spans]
    return min(choices, key=lambda pieces: _longest(count, pieces, target))


def _longest(count: Longs, pieces: Longs, target: int) -> int:
    """Entries that the busiest program reads: they take items in turn, the longest first."""
    lengths = np.sort(np.repeat(-(-count // pieces), pieces))[::-1]
    return int(lengths[::target].sum())


def _merges(items: Ints, tiles: Ints, tokens: int) -> tuple[Ints, Ints]:
    """Where the results of each token lie: starts, [tokens + 1], of [..., 2] of item and place."""
    seen = tiles[items[:, 0]]
    item, place = np.nonzero(seen >= 0)
    token = seen[item, place]
    starts = np.zeros(tokens + 1, np.int32)
    np.cumsum(np.bincount(token, minlength=tokens), out=starts[1:])
    order = np.argsort(token, kind="stable")
    return starts, np.stack((item, place), 1)[order].astype(np.int32)
