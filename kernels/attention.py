"""Attention as a list of work: every item is one tile of tokens against one run of blocks.

An item leaves for each of its rows the largest score, the sum of exp(score - largest) and the sum
of values so weighted; `merge` adds up what the items of a token left. So one kernel serves a single
token over a long context (many items a tile), a chunk of a prompt (many tiles) and many questions
on one context (one tile of all their tokens, so that the context is read once).

A tile has a row for every token and every query head that shares a kv head: with 8 kv heads of 32
a single token fills 4 rows. Few rows cost nothing: the floor is the bytes of keys and values, and
tensor cores work on 16 rows at least.
"""

from functools import partial

import torch
import triton
import triton.language as tl
from torch import Tensor

from sticli.kernels import reference
from sticli.kernels.device import launches, processors
from sticli.kernels.merge import Partials, merge
from sticli.kernels.operands import Activations, Pool, Work

WAVE = 2  # programs that run on a multiprocessor at a time
# Rows of one dot. With 64 the compiler would use Hopper's wgmma with an operand in registers, for
# which the assembler of CUDA 12 makes code that computes wrong values.
DOT = 32
LOG2E = tl.constexpr(1.4426950408889634)  # scores are powers of two: exp2 is one instruction
LOWEST = tl.constexpr(-1e30)  # a first "largest score": finite, for -inf - -inf is NaN


@triton.jit
def _load_rows(
    queries, positions, tiles, tile, kv_head, start, GROUP: tl.constexpr, HEADS: tl.constexpr,
    SIZE: tl.constexpr, TILE: tl.constexpr, ROWS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Rows `start`, `start` + 1, … of a tile: queries, positions, and where each of them lies."""
    row = start + tl.arange(0, ROWS)
    column = tl.arange(0, WIDTH)
    place = row // GROUP  # of its token in the tile
    token = tl.load(tiles + tile * TILE + place, mask=place < TILE, other=-1)
    real = token >= 0
    head = kv_head * GROUP + row % GROUP
    at = (token.to(tl.int64) * HEADS + head)[:, None] * SIZE + column[None, :]
    query = tl.load(queries + at, mask=real[:, None] & (column < SIZE)[None, :], other=0.0)
    position = tl.load(positions + token, mask=real, other=-1)
    return query, position, real, place * HEADS + head


@triton.jit
def _add_block(
    query, keys, values, key_scale, value_scale, seen, factor, softcap, top, total, result,
    CAP: tl.constexpr, SCALED: tl.constexpr,
):  # fmt: skip
    """Add a block to the sums so far, which shrink if the block has a larger score."""
    scores = tl.dot(query, keys) * factor
    if SCALED:  # 8-bit keys: what they were divided by stands beside them
        scores *= key_scale[None, :]
    if CAP:  # softcap · tanh(x): factor has made scores 2 · log2(e) · x
        scores = softcap * LOG2E * (1 - 2 / (tl.exp2(scores) + 1))
    scores = tl.where(seen, scores, float("-inf"))
    peak = tl.maximum(top, tl.max(scores, 1))
    shrink = tl.exp2(top - peak)
    shares = tl.exp2(scores - peak[:, None])
    total = total * shrink + tl.sum(shares, 1)
    if SCALED:
        shares *= value_scale[None, :]
    result = tl.dot(shares.to(values.dtype), values, result * shrink[:, None])
    return peak, total, result


@triton.jit
def _float16(integers):
    """8-bit integers as f16: the bits 0x6400 + n stand for 1024 + n, which spares a conversion."""
    bits = integers.to(tl.uint8, bitcast=True).to(tl.uint16) ^ 0x6480  # n is 128 larger: unsigned
    return bits.to(tl.float16, bitcast=True) - 1152.0


@triton.jit
def _see(position, used, places, window, WINDOW: tl.constexpr):
    """Which rows see which cells: [rows, cells]."""
    behind = position[:, None] - places[None, :]
    seen = used[None, :] & (behind >= 0)
    if WINDOW:
        seen &= behind < window
    return seen


@triton.jit
def _leave(
    tops, totals, results, at, real, top, total, result, SIZE: tl.constexpr, WIDTH: tl.constexpr
):
    """Store what an item has found out about its rows."""
    column = tl.arange(0, WIDTH)
    inside = real[:, None] & (column < SIZE)[None, :]
    tl.store(tops + at, top, mask=real)
    tl.store(totals + at, total, mask=real)
    numbers = at.to(tl.int64)[:, None] * SIZE + column[None, :]
    tl.store(results + numbers, result, mask=inside)


# Lists lie anywhere in one buffer: a kernel that builds on where would be compiled while serving.
@triton.jit(
    do_not_specialize=["window"],
    do_not_specialize_on_alignment=["positions", "tiles", "items", "table", "counts"],
)
def _attend(  # noqa: PLR0915
    queries,  # [tokens, heads, size]
    cells,  # of one layer: [blocks, 2, kv heads, 64, size], blocks `stride` numbers apart
    scales,  # of one layer: [blocks, 2, kv heads, 64], blocks `scales_stride` apart, or None
    positions,
    tiles,
    items,
    table,
    counts,
    tops,  # [items, tokens of a tile, heads], as are totals
    totals,
    results,  # [items, tokens of a tile, heads, size]
    stride,
    scales_stride,
    factor,
    softcap,
    window,
    HEADS: tl.constexpr,
    KV_HEADS: tl.constexpr,
    SIZE: tl.constexpr,
    TILE: tl.constexpr,  # tokens of a tile
    ROWS: tl.constexpr,  # rows of one dot, a power of two
    TWICE: tl.constexpr,  # whether a tile has twice as many
    WIDTH: tl.constexpr,  # of a row, a power of two: at least SIZE
    CAP: tl.constexpr,
    WINDOW: tl.constexpr,
    SCALED: tl.constexpr,
):
    GROUP: tl.constexpr = HEADS // KV_HEADS
    NUMBER: tl.constexpr = tl.float16 if SCALED else cells.dtype.element_ty
    cell = tl.arange(0, 64)
    column = tl.arange(0, WIDTH)
    within = column < SIZE
    # Heads of one item are neighbours, as are items of different tiles over the same blocks: what
    # programs read at about the same time lies close together, or is the same and comes from L2.
    for index in range(tl.program_id(0), tl.load(counts) * KV_HEADS, tl.num_programs(0)):
        item, kv_head = index // KV_HEADS, index % KV_HEADS
        tile = tl.load(items + item * 3)
        first = tl.load(items + item * 3 + 1)
        last = first + tl.load(items + item * 3 + 2) - 1

        query, position, real, at = _load_rows(
            queries, positions, tiles, tile, kv_head, 0, GROUP, HEADS, SIZE, TILE, ROWS, WIDTH
        )
        query = query.to(NUMBER)
        top = tl.full((ROWS,), LOWEST, tl.float32)
        total = tl.zeros((ROWS,), tl.float32)
        result = tl.zeros((ROWS, WIDTH), tl.float32)
        if TWICE:
            query2, position2, real2, at2 = _load_rows(
                queries, positions, tiles, tile, kv_head, ROWS, GROUP, HEADS, SIZE, TILE, ROWS,
                WIDTH,
            )  # fmt: skip
            query2, top2, total2, result2 = query2.to(NUMBER), top, total, result

        key_at = cells + kv_head * (64 * SIZE) + cell[None, :] * SIZE + column[:, None]
        value_at = cells + (KV_HEADS + kv_head) * (64 * SIZE) + cell[:, None] * SIZE + column[None]
        # What the table says of a block is loaded one round ahead: an address that is loaded in the
        # same round would keep the compiler from fetching keys and values ahead.
        block = tl.load(table + first * 3).to(tl.int64)
        begin = tl.load(table + first * 3 + 1)
        count = tl.load(table + first * 3 + 2)
        for entry in range(first, last + 1):
            used = cell < count
            keys = tl.load(key_at + block * stride, mask=within[:, None], other=0.0)
            # Cells that nobody wrote may hold NaN, and 0 · NaN is NaN: so they count as 0.
            values = tl.load(
                value_at + block * stride, mask=used[:, None] & within[None, :], other=0.0
            )
            if SCALED:
                keys, values = _float16(keys), _float16(values)
                scale_at = scales + block * scales_stride + kv_head * 64 + cell
                key_scale = tl.load(scale_at, mask=used, other=0.0).to(tl.float32)
                value_scale = tl.load(scale_at + KV_HEADS * 64, mask=used, other=0.0).to(tl.float32)
            else:
                key_scale, value_scale = 1.0, 1.0
            seen = _see(position, used, begin + cell, window, WINDOW)
            top, total, result = _add_block(
                query, keys, values, key_scale, value_scale, seen, factor, softcap, top, total,
                result, CAP, SCALED,
            )  # fmt: skip
            if TWICE:
                seen = _see(position2, used, begin + cell, window, WINDOW)
                top2, total2, result2 = _add_block(
                    query2, keys, values, key_scale, value_scale, seen, factor, softcap, top2,
                    total2, result2, CAP, SCALED,
                )  # fmt: skip
            following = tl.minimum(entry + 1, last) * 3
            block = tl.load(table + following).to(tl.int64)
            begin = tl.load(table + following + 1)
            count = tl.load(table + following + 2)

        base = item * (TILE * HEADS)
        _leave(tops, totals, results, base + at, real, top, total, result, SIZE, WIDTH)
        if TWICE:
            _leave(tops, totals, results, base + at2, real2, top2, total2, result2, SIZE, WIDTH)


def attend(
    queries: Tensor,
    pool: Pool,
    layer: int,
    work: Work,
    scale: float,
    softcap: float,
    window: int,
    *,
    columns: bool,
    dtype: torch.dtype,
) -> Activations:
    """Attention of queries, [tokens, query heads, head size], to their cells: [tokens, all heads].

    As in the reference; of `dtype`, and with `columns` also as integers, if tokens are few enough.
    """
    if not launches(queries):
        return reference.attend(queries, pool, layer, work, scale, softcap, window)
    partials = _partials(queries, work)
    _, heads, size = queries.shape
    cells = pool.cells[:, layer]
    kv_heads, tile = cells.shape[2], work.tiles.shape[1]
    log2e = LOG2E.value
    scales = None if pool.scales is None else pool.scales[:, layer]
    programs = min(WAVE * processors(queries.device), len(work.items) * kv_heads)
    rows = max(16, triton.next_power_of_2(tile * (heads // kv_heads)))
    twice, width = rows > DOT, max(16, triton.next_power_of_2(size))
    if programs:
        _attend[(programs,)](
            queries,
            cells,
            scales,
            work.positions,
            work.tiles,
            work.items,
            work.table,
            work.counts,
            partials.tops,
            partials.totals,
            partials.results,
            cells.stride(0),
            0 if scales is None else scales.stride(0),
            2 * log2e * scale / softcap if softcap else log2e * scale,
            softcap,
            window,
            HEADS=heads,
            KV_HEADS=kv_heads,
            SIZE=size,
            TILE=tile,
            ROWS=rows // 2 if twice else rows,
            TWICE=twice,
            WIDTH=width,
            CAP=softcap > 0,
            WINDOW=window > 0,
            SCALED=scales is not None,
            **_resources(width, twice, scales is not None),
        )
    return merge(partials, work, len(queries), columns=columns, dtype=dtype)


def _partials(queries: Tensor, work: Work) -> Partials:
    """Room for what all items leave."""
    shape = (len(work.items), work.tiles.shape[1], queries.shape[1])
    room = partial(torch.empty, dtype=torch.float32, device=queries.device)
    return Partials(room(shape), room(shape), room((*shape, queries.shape[2])))


def _resources(width: int, twice: bool, scaled: bool) -> dict[str, int]:
    """Warps and stages: such that rows stay in registers and 99 KiB of shared memory suffice.

    Three stages keep two blocks of keys and of values, one of them on its way.
    """
    if width <= 128:
        return {"num_warps": 8 if twice and scaled else 4, "num_stages": 3}
    return {"num_warps": 8, "num_stages": 1 if twice and not scaled else 2}
