"""Rows of activations as 8-bit integers: what a skinny product reads.

`store_columns` is the part that other kernels end with, so that quantising costs no launch of its
own: norm, gate and merge call it with the numbers they hold. Blocks of 256 are quantised one by
one, so a kernel may hold any number of blocks of a row.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from sticli.kernels import reference
from sticli.kernels.device import launches
from sticli.kernels.operands import BLOCK, Columns, shape_of_columns

TINY = tl.constexpr(1e-30)  # smaller scales have no inverse in f32; what they scale rounds to 0
NO_SIGN = tl.constexpr(0x7FFFFFFF)
TO_EVEN = tl.constexpr(12582912.0)  # 1.5 · 2^23: the last bit of an f32 near it is worth 1


@triton.jit
def round_even(x):
    """Round |x| < 2^22 to whole numbers, halves to the even one, with two additions."""
    return (x + TO_EVEN) - TO_EVEN


@triton.jit
def largest(x):
    """The largest |x| of each row, or NaN if a row holds one.

    Without their signs floats are ordered as their bits are, NaN above all: so compare integers.
    """
    bits = x.to(tl.int32, bitcast=True) & NO_SIGN
    return tl.max(bits, axis=1).to(tl.float32, bitcast=True)


@triton.jit
def store_columns(
    x, row, first, blocks, values, scales, sums, PLANES: tl.constexpr, WIDTH: tl.constexpr
):
    """Store x, f32 [N, 256], as the blocks `first`, `first` + 1, … of a row that has `blocks`.

    `values`, `scales` and `sums` point to the tensors of `Columns`. Rows that hold no token must
    be stored too, as zeros: the product reads every column.
    """
    N: tl.constexpr = x.shape[0]
    block = first + tl.arange(0, N)
    inside = block < blocks
    element = tl.arange(0, 256)
    part = tl.arange(0, 16)  # of 16 elements
    for plane in tl.static_range(PLANES):
        column = plane * (WIDTH // PLANES) + row
        scale = largest(x) / 127
        whole = round_even(x * (1 / tl.maximum(scale, TINY))[:, None])
        number = whole.to(tl.int32)
        place = (element // 32) * (WIDTH * 32) + column * 32 + element % 32
        tl.store(
            values + block[:, None] * (WIDTH * 256) + place[None, :],
            number.to(tl.int8),
            mask=inside[:, None],
        )
        tl.store(scales + block * WIDTH + column, scale, mask=inside)
        tl.store(
            sums + (block[:, None] * 16 + part[None, :]) * WIDTH + column,
            tl.sum(tl.reshape(number, (N, 16, 16)), axis=2),
            mask=inside[:, None],
        )
        x -= whole * scale[:, None]  # the next plane holds what rounding left


@triton.jit(do_not_specialize=["tokens", "columns", "blocks"])
def _quantise(
    x,
    values,
    scales,
    sums,
    tokens,
    columns,
    blocks,
    PLANES: tl.constexpr,
    WIDTH: tl.constexpr,
):
    row, block = tl.program_id(0), tl.program_id(1)
    column = block * 256 + tl.arange(0, 256)
    inside = column < tl.where(row < tokens, columns, 0)  # a row without a token is zeros
    numbers = tl.load(x + row * columns + column, mask=inside, other=0.0).to(tl.float32)
    store_columns(numbers[None, :], row, block, blocks, values, scales, sums, PLANES, WIDTH)


def quantise(x: Tensor, planes: int, width: int) -> Columns:
    """Activations of shape [tokens, columns] as integers; columns are padded to whole blocks."""
    if not launches(x):
        return reference.quantise(x, planes, width)
    tokens, columns = x.shape
    result = _empty(columns, planes, width, x.device)
    blocks = len(result.scales)
    _quantise[(width // planes, blocks)](
        x.contiguous(),
        result.values,
        result.scales,
        result.sums,
        tokens,
        columns,
        blocks,
        PLANES=planes,
        WIDTH=width,
        num_warps=1,
    )
    return result


def empty(tokens: int, columns: int, device: torch.device) -> Columns:
    """Room for the integers of so many tokens; a kernel must store all `width` / planes rows."""
    return _empty(columns, *shape_of_columns(tokens), device)


def _empty(columns: int, planes: int, width: int, device: torch.device) -> Columns:
    blocks = -(-columns // BLOCK)
    return Columns(
        planes,
        torch.empty((blocks, 8, width, 32), dtype=torch.int8, device=device),
        torch.empty((blocks, width), dtype=torch.float32, device=device),
        torch.empty((blocks, 16, width), dtype=torch.int32, device=device),
    )


def pointers(columns: Columns | None) -> tuple[Tensor | None, ...]:
    """What `store_columns` stores to, for the call of a kernel that ends with it."""
    return (None, None, None) if columns is None else (columns.values, columns.scales, columns.sums)
