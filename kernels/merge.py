"""Adds up what the items of attention left of each token: the second half of `attend`.

One program makes 256 numbers of one token's row, whichever heads they belong to, and so can leave
them as integers too. It reads what it needs once: 4 bytes a number and item.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from sticli.kernels.columns import empty, pointers, store_columns
from sticli.kernels.operands import BLOCK, SKINNY, Activations, Work


@dataclass(frozen=True, slots=True)
class Partials:
    """What items left of their rows, in f32; rows without a token hold anything."""

    tops: Tensor  # [items, tokens of a tile, heads]: the largest score, in powers of two
    totals: Tensor  # as tops: sum of the shares, 2^(score - top)
    results: Tensor  # [items, tokens of a tile, heads, size]: sum of the values by their shares


@triton.jit(do_not_specialize=["tokens"], do_not_specialize_on_alignment=["starts", "merges"])
def _merge(
    tops,
    totals,
    results,
    starts,
    merges,
    out,  # [tokens, HEADS · SIZE]
    values,
    scales,
    sums,
    tokens,
    HEADS: tl.constexpr,
    SIZE: tl.constexpr,
    TILE: tl.constexpr,
    BLOCKS: tl.constexpr,
    PLANES: tl.constexpr,
    WIDTH: tl.constexpr,  # of the columns, 0 for none
    ROUND: tl.constexpr,  # items that are loaded at once
):
    token, block = tl.program_id(0), tl.program_id(1)
    element = block * 256 + tl.arange(0, 256)
    head = element // SIZE
    real = token < tokens  # columns without a token are zeros, and so must be stored too
    inside = element < tl.where(real, HEADS * SIZE, 0)
    begin = tl.load(starts + token, mask=real, other=0)
    end = tl.load(starts + token + 1, mask=real, other=0)

    # Every number has its own head's top and total: the same loads, a few cache lines for all. A
    # round takes several items at once, for it waits for memory twice whatever it loads.
    top = tl.full((256,), -1e30, tl.float32)
    total = tl.zeros((256,), tl.float32)
    result = tl.zeros((256,), tl.float32)
    for first in range(begin, end, ROUND):
        entry = first + tl.arange(0, ROUND)
        item = tl.load(merges + entry * 2, mask=entry < end, other=0).to(tl.int64)
        row = item * TILE + tl.load(merges + entry * 2 + 1, mask=entry < end, other=0)
        some = (entry < end)[:, None] & inside[None, :]
        heads = row[:, None] * HEADS + head[None, :]
        numbers = row[:, None] * (HEADS * SIZE) + element[None, :]
        theirs = tl.load(tops + heads, mask=some, other=-1e30)
        peak = tl.maximum(top, tl.max(theirs, axis=0))
        shrink, shares = tl.exp2(top - peak), tl.exp2(theirs - peak[None, :])
        weights = shares * tl.load(totals + heads, mask=some, other=0.0)
        total = total * shrink + tl.sum(weights, axis=0)
        parts = shares * tl.load(results + numbers, mask=some, other=0.0)
        result = result * shrink + tl.sum(parts, axis=0)
        top = peak

    result = result / tl.where(total > 0, total, 1.0)  # who saw nothing gets zeros
    to = token.to(tl.int64) * (HEADS * SIZE) + element
    tl.store(out + to, result.to(out.dtype.element_ty), mask=inside)
    if WIDTH:
        store_columns(result[None, :], token, block, BLOCKS, values, scales, sums, PLANES, WIDTH)


def merge(
    partials: Partials, work: Work, tokens: int, *, columns: bool, dtype: torch.dtype
) -> Activations:
    """The attention of each token, [tokens, heads · size], of `dtype` and perhaps as integers.

    With `columns` there are integers too, if tokens are few enough for a skinny product.
    """
    _, tile, heads, size = partials.results.shape
    device = partials.results.device
    out = torch.empty((tokens, heads * size), dtype=dtype, device=device)
    integers = empty(tokens, heads * size, device) if columns and tokens <= SKINNY else None
    planes, width = (1, 0) if integers is None else (integers.planes, integers.width)
    blocks = -(-heads * size // BLOCK)
    _merge[(max(tokens, width // planes), blocks)](
        partials.tops,
        partials.totals,
        partials.results,
        work.starts,
        work.merges,
        out,
        *pointers(integers),
        tokens,
        HEADS=heads,
        SIZE=size,
        TILE=tile,
        BLOCKS=blocks,
        PLANES=planes,
        WIDTH=width,
        ROUND=16 if tokens <= SKINNY else 4,  # few tokens have many items, many tokens have few
        num_warps=4,
    )
    return Activations(out, integers)
