"""The list of work: each token meets each cell that it sees once, however rows share blocks."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.daemon.engines.gpu import work
from sticli.daemon.engines.gpu.sharing import Span
from sticli.daemon.engines.gpu.work import Heads, Lists
from sticli.kernels import reference
from tests.kernels.scenes import Table, fresh, prefix_of, scene, work_of

Fork = tuple[int, int, int]  # of which earlier row, after how many cells, and cells of its own
HEADS = st.sampled_from([Heads(4, 2), Heads(1, 1), Heads(7, 1), Heads(32, 8), Heads(40, 1)])
FORKS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 30), st.integers(1, 20)), min_size=1, max_size=7
)


def forked(forks: Sequence[Fork], tokens: Sequence[int]) -> list[Span]:
    """Rows whose tables begin with those of earlier ones, in small blocks, often part-filled."""
    tables: list[Table] = []
    rows: list[Span] = []
    for (parent, cells, own), count in zip(forks, tokens, strict=False):
        kept = (
            prefix_of(tables[parent % len(tables)], cells) if tables and cells else own_from(0, 0)
        )
        length = int(kept[-1, 1] + kept[-1, 2]) if len(kept) else 0
        tables.append(np.concatenate((kept, own_from(length, own, 1000 * len(tables)))))
        first = sum(row.count for row in rows)
        rows.append(Span(first, min(count, own), length + own - min(count, own), tables[-1]))
    return rows


def own_from(position: int, cells: int, block: int = 0) -> Table:
    """Blocks of 1, 2 and 3 cells in turn."""
    counts = np.resize([1, 2, 3], cells)
    begins = np.cumsum(counts) - counts
    counts = np.minimum(counts, cells - begins)
    entries = np.stack((block + np.arange(cells), position + begins, counts), 1)
    whole: Table = entries[counts > 0].astype(np.int32)
    return whole


def seen(lists: Lists, rows: Sequence[Span], window: int) -> Counter[tuple[int, int, int]]:
    """How often each token meets each cell, (token, block, place), that it may see."""
    positions = {t: p for row in rows for t, p in zip(row.tokens, row.places, strict=True)}
    met: Counter[tuple[int, int, int]] = Counter()
    for tile, first, count in lists.items[: lists.counts[0]].tolist():
        assert count > 0
        for token in lists.tiles[tile][lists.tiles[tile] >= 0].tolist():
            for block, begin, cells in lists.table[first : first + count].tolist():
                for place in range(cells):
                    behind = positions[token] - begin - place
                    met[token, block, place] += behind >= 0 and (not window or behind < window)
    return +met


def visible(rows: Sequence[Span], window: int) -> Counter[tuple[int, int, int]]:
    """What tokens see by definition."""
    return Counter(
        (int(token), block, cell)
        for row in rows
        for token, position in zip(row.tokens, row.places, strict=True)
        for block, begin, cells in row.table.tolist()
        for cell in range(cells)
        if 0 <= position - begin - cell < (window or position + 1)
    )


@settings(max_examples=120, deadline=None)
@given(
    forks=FORKS,
    tokens=st.lists(st.integers(1, 20), min_size=9, max_size=9),
    window=st.sampled_from([0, 1, 5, 30]),
    heads=HEADS,
    sms=st.sampled_from([1, 3, 132]),
    shared=st.integers(1, 5),
    padding=st.integers(0, 3),
)
def test_every_token_meets_every_cell_it_sees_once(
    forks: list[Fork],
    tokens: list[int],
    window: int,
    heads: Heads,
    sms: int,
    shared: int,
    padding: int,
) -> None:
    rows = forked(forks, tokens)
    total = sum(row.count for row in rows) + padding
    lists = work.build(rows, window, heads, sms, tokens=total, shared=shared)
    assert seen(lists, rows, window) == visible(rows, window)
    most = work.sizes(total, heads, sms)
    assert len(lists.tiles) <= most.tiles
    assert len(lists.items) <= most.items
    assert len(lists.merges) <= most.merges
    assert lists.tiles.shape[1] == work.tile_size(total, heads)
    for token in range(total):
        merged = lists.merges[lists.starts[token] : lists.starts[token + 1]].tolist()
        places = np.argwhere(lists.tiles[lists.items[:, 0]] == token).tolist()
        assert sorted(merged) == sorted(places)


def question(table: Table, number: int, tokens: int = 1) -> Span:
    """A row that adds its own block to a table."""
    end = int(table[-1, 1] + table[-1, 2])
    own = fresh(10_000 + number, end, tokens)
    return Span(number * tokens, tokens, end, np.concatenate((table, own)))


def blocks_read(lists: Lists) -> int:
    return int(lists.items[:, 2].sum())


def test_questions_on_one_context_read_it_once() -> None:
    context = fresh(0, 0, 64 * 500 + 10)
    rows = [question(context, number) for number in range(32)]
    grouped = work.build(rows, 0, Heads(32, 8), 132)
    alone = work.build(rows, 0, Heads(32, 8), 132, shared=10**9)
    assert blocks_read(alone) == 32 * 502
    assert blocks_read(grouped) == 2 * 501 + 32  # 32 tokens are two tiles
    assert len(grouped.table) == 501 + 32


def test_groups_within_groups() -> None:
    """Two sessions begin alike; each has forks of its own."""
    root = fresh(0, 0, 64 * 40)
    branches = [np.concatenate((root, fresh(at, 64 * 40, 64 * 40))) for at in (1000, 2000)]
    rows = [question(branches[number % 2], number) for number in range(12)]
    assert blocks_read(work.build(rows, 0, Heads(8, 8), 1)) == 3 * 40 + 12


def test_lists_stay_within_their_sizes_however_deep_groups_lie() -> None:
    """Each row forks a little later from the one before: a group in a group in a group."""
    root = own_from(0, 400)
    rows = [question(prefix_of(root, 10 + 12 * number), number) for number in range(32)]
    lists = work.build(rows, 0, Heads(4, 1), 1, shared=1)
    assert seen(lists, rows, 0) == visible(rows, 0)
    most = work.sizes(32, Heads(4, 1), 1)
    assert 32 < len(lists.tiles) <= most.tiles
    assert len(lists.items) <= most.items


@pytest.mark.parametrize(("cells", "count"), [(1023, 5), (2047, 4), (64 * 100, 1)])
def test_too_little_to_share_is_read_row_by_row(cells: int, count: int) -> None:
    context = fresh(0, 0, cells // 64 * 64)
    rows = [question(context, number) for number in range(count)]
    lists = work.build(rows, 0, Heads(8, 2), 1)
    assert blocks_read(lists) == count * (len(context) + 1)


def test_rows_that_fill_their_tiles_are_not_grouped() -> None:
    context = fresh(0, 0, 64 * 100)
    rows = [question(context, number, tokens=16) for number in range(6)]
    assert blocks_read(work.build(rows, 0, Heads(8, 2), 1)) == 6 * 101


def test_a_long_context_is_spread_over_the_gpu() -> None:
    rows = [question(fresh(0, 0, 64 * 512), 0)]
    lists = work.build(rows, 0, Heads(32, 8), 132)
    assert 132 < 8 * len(lists.items) <= 2 * 132
    assert lists.items[:, 2].max() - lists.items[:, 2].min() <= 1
    assert lists.items[0, 2] == lists.items[:, 2].max()  # the longest first


def test_there_is_no_second_round_for_a_few_pieces() -> None:
    """Four equal tiles in pieces as long as the average would be 36 items, on 33 programs."""
    table = fresh(0, 0, 64 * 500)
    lists = work.build([Span(0, 64, 64 * 499, table)], 0, Heads(32, 8), 132)
    assert len(lists.tiles) == 4
    assert len(lists.items) == 32


def test_a_long_row_among_short_ones_is_cut_finely() -> None:
    rows = [question(fresh(0, 0, 64 * 500), 0)]
    rows += [question(fresh(1000 * n, 0, 64 * 15), n) for n in range(1, 30)]
    lists = work.build(rows, 0, Heads(32, 8), 132)
    assert lists.items[:, 2].max() <= 32


def test_a_chunk_leaves_out_what_lies_ahead_of_it() -> None:
    table = fresh(0, 0, 64 * 8)
    lists = work.build([Span(0, 512, 0, table)], 0, Heads(8, 1), 1)
    assert lists.tiles.shape == (64, 8)
    assert blocks_read(lists) == sum(8 * (block + 1) for block in range(8))


def test_a_pass_of_padding_has_no_items() -> None:
    lists = work.build([Span(0, 0, 64, fresh(0, 0, 64))], 0, Heads(4, 2), 132, tokens=4)
    assert lists.counts.tolist() == [0]
    assert lists.starts.tolist() == [0] * 5


@pytest.mark.parametrize("window", [0, 70])
def test_grouped_and_alone_mean_the_same(window: int) -> None:
    made = scene(
        [(0, 150, 1), (130, 133, 2), (128, 131, 1), (64, 70, 3), (0, 20, 1)],
        *(Heads(4, 2), 8, torch.float32),
        device=torch.device("cpu"),
    )
    results = []
    for shared, sms in ((1, 1), (10**9, 1), (1, 64)):
        lists = work.build(made.rows, window, made.heads, sms, shared=shared)
        listed = work_of(lists, made.rows, made.queries.device)
        arguments = (made.queries, made.pool, 1, listed, 0.3, 0.0, window)
        results.append(reference.attend(*arguments).values)
    for other in results[1:]:
        torch.testing.assert_close(other, results[0], rtol=1e-5, atol=1e-5)
