"""Residual addition and RMS norm, one launch where an update ends and the next product begins.

The idea: one program holds a whole row in registers. It adds up the pieces of the update that a
split product left, writes the residual back, and stores the normalised row, also as integers where
a skinny product will read it. Floor: the bytes of the pieces and of the residual, once.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from sticli.kernels import columns as integers
from sticli.kernels import reference
from sticli.kernels.columns import store_columns
from sticli.kernels.device import launches
from sticli.kernels.operands import BLOCK, SKINNY, Activations


@triton.jit(do_not_specialize=["tokens"])
def _rms_norm(
    residual,
    update,
    weight,
    after,
    out,
    values,
    scales,
    sums,
    tokens,
    width,
    epsilon,
    PIECES: tl.constexpr,  # of the update; 0: there is none
    AFTER: tl.constexpr,
    PLANES: tl.constexpr,  # of the integers; 0: there are none
    COLUMNS: tl.constexpr,
    BLOCKS: tl.constexpr,  # a power of two of 256 numbers each, at least `width`
):
    row = tl.program_id(0)
    # The row as [BLOCKS, 256], the shape that is quantised. Programs past the last token hold
    # zeros, for somebody must zero the columns that no token uses.
    column = tl.arange(0, BLOCKS)[:, None] * 256 + tl.arange(0, 256)[None, :]
    inside = column < tl.where(row < tokens, width, 0)
    place = row * width + column
    factor = tl.load(weight + column, mask=inside, other=0.0)  # early: it comes from far
    x = tl.load(residual + place, mask=inside, other=0.0)
    if PIECES > 0:
        total = tl.load(update + place, mask=inside, other=0.0)
        for piece in tl.static_range(1, PIECES):
            total += tl.load(update + piece * tokens * width + place, mask=inside, other=0.0)
        if AFTER:
            second = tl.load(after + column, mask=inside, other=0.0)
            total = _scaled(total, second, inside, width, epsilon)
        x += total
        tl.store(residual + place, x, mask=inside)
    y = _scaled(x, factor, inside, width, epsilon)
    tl.store(out + place, y.to(out.dtype.element_ty), mask=inside)
    if PLANES > 0:
        blocks = tl.cdiv(width, 256)
        store_columns(y, row, 0, blocks, values, scales, sums, PLANES, COLUMNS)


@triton.jit
def _scaled(x, factor, inside, width, epsilon):
    """The row x over its root mean square, times `factor`; zero outside the row."""
    mean = tl.sum(tl.sum(x * x, axis=1), axis=0) / width
    return tl.where(inside, x * tl.rsqrt(mean + epsilon) * factor.to(tl.float32), 0.0)


def rms_norm(
    residual: Tensor,
    update: Tensor | None,
    weight: Tensor,
    epsilon: float,
    after: Tensor | None = None,
    *,
    columns: bool,
    dtype: torch.dtype,
) -> Activations:
    """Add an update to the residual, f32 [tokens, width], in place; return what it normalises to.

    `update` comes in pieces, f32 [pieces, tokens, width]; with `after` it is normalised by itself.
    The result is of `dtype`, and also integers if `columns` and a skinny product can read them.
    """
    if not launches(residual):
        return reference.rms_norm(residual, update, weight, epsilon, after)
    tokens, width = residual.shape
    out = torch.empty((tokens, width), dtype=dtype, device=residual.device)
    made = integers.empty(tokens, width, out.device) if columns and tokens <= SKINNY else None
    blocks = triton.next_power_of_2(-(-width // BLOCK))
    _rms_norm[(tokens if made is None else made.width // made.planes,)](
        residual,
        update,
        weight,
        after,
        out,
        *integers.pointers(made),
        tokens,
        width,
        epsilon,
        PIECES=0 if update is None else len(update),
        AFTER=after is not None,
        PLANES=0 if made is None else made.planes,
        COLUMNS=0 if made is None else made.width,
        BLOCKS=blocks,
        num_warps=min(max(blocks, 4), 16),
    )
    return Activations(out, made)
