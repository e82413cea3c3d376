"""Products of more rows than a skinny product takes: weights become numbers first.

Up to `MANY` tokens the numbers of a tile never leave the registers: they are the first operand of
the tensor cores, which take them from there, and each is made once for 64 tokens. Above, numbers
are worth writing: slabs that stay in the cache between the kernel that makes them and cuBLAS.
Two warps a program keep to the older tensor core instruction (mma.sync), whose compilers are safe.
"""

import torch
import triton
from torch import Tensor
from triton import language as tl

from sticli.kernels import bits, reference
from sticli.kernels.device import launches
from sticli.kernels.formats import Format
from sticli.kernels.operands import TILE, Dense, Packed, Weight

MANY = 256  # tokens above which writing numbers down costs less than making them for each tile
SLAB = 24 << 20  # bytes of numbers that stay in the cache of any GPU we know
ROWS, TOKENS = 64, 64  # of a tile of the product
STAGES = {2: 4, 4: 3, 8: 2}  # of loads, by step: two to four programs share a processor's memory


def dequantise(weight: Weight, dtype: torch.dtype) -> Tensor:
    """The numbers that weights stand for, as `dtype`: [rows, columns]."""
    if isinstance(weight, Dense) or not launches(weight.planes):
        return reference.dequantise(weight).to(dtype)
    result = torch.empty((weight.rows, weight.columns), dtype=dtype, device=weight.planes.device)
    _write(weight, 0, result)
    return result


def product(x: Tensor, weight: Weight, out: Tensor) -> None:
    """The product of half numbers, [tokens, columns], with weights, as a sum of pieces.

    `out`, f32 [pieces, tokens, rows], may be a part of wider rows; all of it is written.
    """
    if not launches(x):
        out[0] = x.float() @ reference.dequantise(weight).T
    elif isinstance(weight, Packed) and len(x) <= MANY:
        return _fused(x, weight, out)
    elif isinstance(weight, Packed):
        _by_slabs(x, weight, out[0])
    else:
        _multiply(x.to(weight.values.dtype), weight.values, out[0])
    out[1:].zero_()


def step(form: Format) -> int:
    """Groups of 32 columns that a round of the product takes: those whose fields share bytes."""
    return max(8 // (form.high or form.low), 2)


def _fused(x: Tensor, weight: Packed, out: Tensor) -> None:
    pieces, tokens, rows = out.shape
    blocks, groups = int(weight.planes.shape[1]), step(weight.format)
    grid = (triton.cdiv(tokens, TOKENS), triton.cdiv(rows, ROWS), pieces)
    _product_kernel[grid](
        x,
        *(weight.planes, weight.scales, weight.mins, weight.supers),
        out,
        *(tokens, rows, weight.columns, blocks),
        *(x.stride(0), out.stride(0), out.stride(1)),
        **bits.constants(weight),
        STEP=groups,
        ROWS=ROWS,
        TOKENS=TOKENS,
        num_warps=2,
        num_stages=STAGES[groups],
    )


def _by_slabs(x: Tensor, weight: Packed, out: Tensor) -> None:
    most = max(SLAB // (weight.columns * x.element_size()) // TILE * TILE, TILE)
    shape = (min(most, weight.rows), weight.columns)
    scratch = torch.empty(shape, dtype=x.dtype, device=x.device)
    for first in range(0, weight.rows, most):
        numbers = scratch[: weight.rows - first]
        _write(weight, first, numbers)
        _multiply(x, numbers, out[:, first : first + most])


def _multiply(x: Tensor, numbers: Tensor, out: Tensor) -> None:
    """The plain product, its sums in f32 to the end."""
    if x.is_cuda and x.dtype != torch.float32:
        torch.mm(x, numbers.T, out_dtype=torch.float32, out=out)
    else:
        torch.mm(x.float(), numbers.float().T, out=out)


def _write(weight: Packed, first: int, out: Tensor) -> None:
    """Write the numbers of the rows from `first` on that `out` has room for."""
    rows, blocks = len(out), int(weight.planes.shape[1])
    _dequantise_kernel[triton.cdiv(rows, TILE), blocks](
        *(weight.planes, weight.scales, weight.mins, weight.supers),
        out,
        *(first, rows, weight.columns, blocks),
        **bits.constants(weight),
        num_warps=4,
    )


@triton.jit(do_not_specialize=["tokens", "rows", "piece_stride", "out_stride"])
def _product_kernel(
    x,  # half [tokens, columns]
    planes,
    scales,
    mins,
    supers,
    out,  # f32 [pieces, tokens, rows]
    tokens,
    rows,
    columns,
    blocks,
    x_stride,
    piece_stride,
    out_stride,
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
    OFFSET: tl.constexpr,
    GROUP: tl.constexpr,
    STEP: tl.constexpr,  # groups of 32 columns that a round takes
    ROWS: tl.constexpr,
    TOKENS: tl.constexpr,
):
    # Neighbouring programs take the same weights, which then come from the cache.
    token = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    row = tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    piece, pieces = tl.program_id(2), tl.num_programs(2)
    # What lies over the edges repeats the last row, and is not stored: loads need no masks.
    from_token = tl.minimum(token, tokens - 1).to(tl.int64)
    from_row = tl.minimum(row, rows - 1).to(tl.int64)
    total = tl.zeros([ROWS, TOKENS], tl.float32)
    STEPS: tl.constexpr = 8 // STEP  # in a block
    tile, place = from_row // 32 * blocks, from_row % 32
    begin, end = piece * blocks // pieces * STEPS, (piece + 1) * blocks // pieces * STEPS
    ahead = bits.factors(
        *(scales, mins, supers, tile + begin // STEPS, place, begin % STEPS * STEP, STEP, GROUP)
    )
    for turn in range(begin, end):
        # Loads of planes and `x` are put ahead by the compiler, those of scales are too small.
        loaded, after = ahead, tl.minimum(turn + 1, end - 1)
        ahead = bits.factors(
            *(scales, mins, supers, tile + after // STEPS, place, after % STEPS * STEP, STEP, GROUP)
        )
        for group in tl.static_range(STEP):
            number = bits.numbers(
                *(planes, tile + turn // STEPS, place, turn % STEPS * STEP, group),
                *(LOW, HIGH, OFFSET),
            )
            if x.dtype.element_ty != tl.float16:
                number = number.to(tl.float32)
            values = bits.scaled(number, loaded, group, STEP, mins is not None, supers is not None)
            column = (turn * STEP + group) * 32 + tl.arange(0, 32)
            at = x + from_token[None, :] * x_stride + column[:, None]
            there = tl.load(at, column[:, None] < columns, other=0.0)  # [32, tokens]
            total = tl.dot(values.to(x.dtype.element_ty), there, total)
    at = out + piece.to(tl.int64) * piece_stride + token.to(tl.int64)[:, None] * out_stride + row
    tl.store(at, tl.trans(total), (token < tokens)[:, None] & (row < rows))


@triton.jit(do_not_specialize=["first", "rows"])
def _dequantise_kernel(
    planes,
    scales,
    mins,
    supers,
    out,  # half [rows, columns], contiguous
    first,  # the row of the weights that is row 0 of `out`: a whole tile
    rows,
    columns,
    blocks,
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
    OFFSET: tl.constexpr,
    GROUP: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64) * 32 + tl.arange(0, 32)
    block = tl.program_id(1)
    for group in tl.static_range(8):
        column = block * 256 + group * 32 + tl.arange(0, 32)
        values = bits.values(
            *(planes, scales, mins, supers, first + row, block, blocks, 0),
            *(group, LOW, HIGH, OFFSET, GROUP),
        )
        inside = (row < rows)[:, None] & (column < columns)
        tl.store(out + row[:, None] * columns + column, values.to(out.dtype.element_ty), inside)
