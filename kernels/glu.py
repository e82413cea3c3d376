"""The gate of a feed-forward layer: gate times rest, and the integers of the product.

The idea: blocks of 256 numbers know nothing of each other, so every program takes one block of a
row, or several where there are many rows. Floor: the bytes of the pieces, once.
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

ROOT = tl.constexpr(0.7978845608028654)  # of 2 / π
FAR = tl.constexpr(88.0)  # f32 holds no exp of much more
LARGEST = tl.constexpr(65504.0)  # number in f16
MANY = 4  # blocks a program takes where no skinny product follows


@triton.jit(do_not_specialize=["tokens"])
def _glu(
    pieces,
    out,
    values,
    scales,
    sums,
    tokens,
    width,
    PIECES: tl.constexpr,
    GELU: tl.constexpr,
    PLANES: tl.constexpr,  # of the integers; 0: there are none
    COLUMNS: tl.constexpr,
    BLOCKS: tl.constexpr,
):
    row, first = tl.program_id(0), tl.program_id(1) * BLOCKS
    column = (first + tl.arange(0, BLOCKS)[:, None]) * 256 + tl.arange(0, 256)[None, :]
    inside = column < tl.where(row < tokens, width, 0)  # rows without a token: unused columns
    place = row * width * 2 + column
    gate = tl.load(pieces + place, mask=inside, other=0.0)
    rest = tl.load(pieces + place + width, mask=inside, other=0.0)
    for piece in tl.static_range(1, PIECES):
        at = pieces + piece * tokens * width * 2 + place
        gate += tl.load(at, mask=inside, other=0.0)
        rest += tl.load(at + width, mask=inside, other=0.0)
    # Both kinds are gate · sigmoid(inner): (1 + tanh(u)) / 2 is the sigmoid of 2 u.
    inner = gate
    if GELU:
        inner = 2 * ROOT * (gate + 0.044715 * gate * gate * gate)
    y = gate / (1 + tl.exp(tl.minimum(-inner, FAR))) * rest
    kept = y
    if out.dtype.element_ty == tl.float16:  # an infinity would make NaN of all that follows
        kept = tl.clamp(y, -LARGEST, LARGEST, propagate_nan=tl.PropagateNan.ALL)
    tl.store(out + row * width + column, kept.to(out.dtype.element_ty), mask=inside)
    if PLANES > 0:
        blocks = tl.cdiv(width, 256)
        store_columns(y, row, first, blocks, values, scales, sums, PLANES, COLUMNS)


def glu(pieces: Tensor, kind: str, *, columns: bool, dtype: torch.dtype) -> Activations:
    """Gate times rest, [tokens, width], of f32 [pieces, tokens, 2 · width]; silu or gelu.

    The result is of `dtype`, and also integers if `columns` and a skinny product can read them.
    """
    if not launches(pieces):
        return reference.glu(pieces, kind)
    _, tokens, both = pieces.shape
    out = torch.empty((tokens, both // 2), dtype=dtype, device=pieces.device)
    made = integers.empty(tokens, both // 2, out.device) if columns and tokens <= SKINNY else None
    rows, blocks = (tokens, MANY) if made is None else (made.width // made.planes, 1)
    _glu[(rows, triton.cdiv(both // 2, blocks * BLOCK))](
        pieces,
        out,
        *integers.pointers(made),
        tokens,
        both // 2,
        PIECES=len(pieces),
        GELU=kind != "silu",
        PLANES=0 if made is None else made.planes,
        COLUMNS=0 if made is None else made.width,
        BLOCKS=blocks,
        num_warps=blocks,
    )
    return Activations(out, made)
