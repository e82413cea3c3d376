"""Up to 32 rows of activations times weights with a file's own bits, read once, as integers.

The idea: weights are the first operand of the tensor cores' integer product, so that few tokens
(columns here) waste nothing. A field is masked where it lies in its byte, never shifted: masked, it
is an integer times a place value, which the scale divides out; so four weights cost one
instruction. Sub-scales are integers too: numbers become floats once for 256 columns. The sums over
columns are split among programs, in pieces that whoever reads the result adds up.

Floor: the bytes of the weights over the memory's bandwidth, as long as a weight costs fewer than
four instructions or so: 1.1 (Q8_0) to 3.0 (Q3_K) at 8 columns, 3.1 to 8.4 at 32.
"""

from collections.abc import Mapping

import triton
import triton.language as tl
from torch import Tensor

from sticli.kernels import reference
from sticli.kernels.device import launches
from sticli.kernels.operands import TILE, Columns, Packed


@triton.constexpr_function
def shift(group: int, bits: int) -> int:
    """Where in its byte a group's field of so many bits begins."""
    return group * bits % 8


@triton.constexpr_function
def middle(group: int, bits: int) -> int:
    """What a masked field is short of its number.

    A topmost field is signed as its byte is, and planes come with their topmost bit flipped: half
    the field's range reads as zero. So a high nibble of 4-bit weights, n, reads as 16 · (n - 8),
    and a low one, which has no sign, as n.
    """
    return 1 << bits - 1 if 0 < bits < 8 and shift(group, bits) + bits == 8 else 0


@triton.jit
def _field(planes, group: tl.constexpr, FIRST: tl.constexpr, BITS: tl.constexpr):
    """A field of one group, shifted as it lies in its byte: i8 [rows, 32]."""
    # One instruction masks four weights, but for compute capability 8.0, where Triton 3.9 switches
    # off the pass of LLVM that sees it: two more a weight there.
    byte = tl.load(planes + (FIRST + group * BITS // 8) * 1024)  # a plane: 32 bytes of 32 rows
    MASK: tl.constexpr = ((1 << BITS) - 1) << shift(group, BITS)
    return (byte & MASK).to(tl.int8, bitcast=True)


@triton.jit
def _dot(
    low,
    high,
    x,  # i8 [32, WIDTH]
    sums,  # i32 [WIDTH], of the columns of x
    group: tl.constexpr,
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
    OFFSET: tl.constexpr,
):
    """Numbers of one group times x, shifted as `low` is: i32 [rows, WIDTH].

    A number is low + (high << LOW) - OFFSET. What the middles of fields and the offset make of
    it is the same for all weights: the product starts from so many sums of x.
    """
    START: tl.constexpr = middle(group, LOW) + (middle(group, HIGH) << LOW) - OFFSET
    total = tl.zeros([low.shape[0], x.shape[1]], tl.int32)
    if HIGH > 0:
        total = tl.dot(high, x, out_dtype=tl.int32)
        # From where the high field lies to where it belongs beside the low one.
        UP: tl.constexpr = shift(group, LOW) + LOW - shift(group, HIGH)
        if UP > 0:
            total <<= UP
        else:
            total >>= -UP  # exact: a field that lies so far up is a multiple of it
    if START != 0:
        total += (sums * (START << shift(group, LOW)))[None, :]
    return tl.dot(low, x, acc=total, out_dtype=tl.int32)


@triton.jit
def _activations(values, sums, group: tl.constexpr, part: tl.constexpr, PARTS: tl.constexpr):
    """Activations of one group, or of half of it, and their sums: i8 [32, WIDTH], i32 [WIDTH]."""
    WIDTH: tl.constexpr = values.shape[1]
    at = values + group * (WIDTH * 32)
    if PARTS == 1:
        sum_x = tl.load(sums + 2 * group * WIDTH) + tl.load(sums + (2 * group + 1) * WIDTH)
        return tl.load(at), sum_x
    # The tensor cores take 32 columns of weights: those of the other half meet zeros.
    mine = tl.arange(0, 32)[:, None] // 16 == part
    return tl.load(at, mine, other=0), tl.load(sums + (2 * group + part) * WIDTH)


@triton.jit
def _block(
    planes,  # u8 [rows, 32], of one block
    scales,  # [rows], of one block
    values,  # i8 [32, WIDTH], of one block of the activations
    sums,  # i32 [WIDTH], likewise
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
    OFFSET: tl.constexpr,
    GROUP: tl.constexpr,
    WHOLE: tl.constexpr,
):
    """Scaled numbers of 256 columns times x: [rows, WIDTH].

    f32, or where scales are WHOLE i32, shifted as the furthest low field is: up to 2.13e9 in Q6_K.
    """
    WIDTH: tl.constexpr = values.shape[1]
    PARTS: tl.constexpr = 32 // GROUP  # of a group of 32: each has a scale of its own
    total = tl.zeros([planes.shape[0], WIDTH], tl.int32 if WHOLE else tl.float32)
    for group in tl.static_range(8):
        low = _field(planes, group, 0, LOW)
        high = _field(planes, group, LOW, HIGH) if HIGH > 0 else low
        for part in tl.static_range(PARTS):
            x, sum_x = _activations(values, sums, group, part, PARTS)
            dot = _dot(low, high, x, sum_x, group, LOW, HIGH, OFFSET)
            scale = tl.load(scales + (group * PARTS + part) * 32)
            # Take out how far this group's field lies up, or in integers put in what it lacks.
            if WHOLE:
                total += dot * (scale.to(tl.int32) << (8 - LOW - shift(group, LOW)))[:, None]
            else:
                total += dot * (scale.to(tl.float32) / (1 << shift(group, LOW)))[:, None]
    return total


@triton.jit(do_not_specialize=["blocks", "rows", "pieces", "tokens", "piece_stride", "stride"])
def _skinny(
    values,  # of Columns: i8 [blocks, 8, WIDTH, 32]
    steps,  # of Columns, their scales: f32 [blocks, WIDTH]
    sums,  # of Columns: i32 [blocks, 16, WIDTH]
    planes,  # of Packed: u8 [tiles, blocks, LOW + HIGH, 32, 32]
    scales,  # of Packed: [tiles, blocks, 256 / GROUP, 32]
    mins,
    supers,
    out,  # f32 [pieces, tokens, rows]
    blocks,
    rows,
    pieces,
    tokens,
    piece_stride,
    stride,
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
    OFFSET: tl.constexpr,
    GROUP: tl.constexpr,
    WIDTH: tl.constexpr,
    PLANES: tl.constexpr,  # of the activations
    TILES: tl.constexpr,  # a program
):
    SUPERS: tl.constexpr = supers is not None
    MINS: tl.constexpr = mins is not None
    row = tl.program_id(0) * (32 * TILES) + tl.arange(0, 32 * TILES)
    # A tile past the last repeats it and is not stored: loads need no masks.
    tile = tl.minimum(row // 32, (rows - 1) // 32).to(tl.int64)
    inside = row % 32
    k = tl.arange(0, 32)  # columns of weights
    half = tl.arange(0, 16)  # 16 columns of weights each
    column = tl.arange(0, WIDTH)
    total = tl.zeros([32 * TILES, WIDTH], tl.float32)
    piece = tl.program_id(1)
    for block in range(piece * blocks // pieces, (piece + 1) * blocks // pieces):
        unit = tile * blocks + block  # of weights: a tile's rows by a block's columns
        first = unit * (256 // GROUP * 32) + inside  # of scales and of mins
        some = sums + block * (WIDTH * 16) + column
        part = _block(
            planes + (unit * ((LOW + HIGH) * 1024) + inside * 32)[:, None] + k[None, :],
            scales + first,
            values + block * (WIDTH * 256) + column[None, :] * 32 + k[:, None],
            some,
            *(LOW, HIGH, OFFSET, GROUP, SUPERS),
        )
        if SUPERS:
            common = supers + unit * (64 if MINS else 32) + inside
            part = part.to(tl.float32) * (tl.load(common).to(tl.float32) / (1 << 8 - LOW))[:, None]
        if MINS:
            # A product too, of mins and sums, |sum| <= 2032: f16 holds both exactly. Mins with
            # supers are subtracted, others added.
            least = tl.load(mins + first[:, None] + (half * 16 // GROUP * 32)[None, :])
            sum_x = tl.load(some[None, :] + half[:, None] * WIDTH)
            rest = tl.dot(least.to(tl.float16), sum_x.to(tl.float16))
            part += -rest * tl.load(common + 32).to(tl.float32)[:, None] if SUPERS else rest
        total += part * tl.load(steps + block * WIDTH + column)[None, :]
    if PLANES == 2:  # the second holds what rounding left of the first
        total = tl.sum(tl.reshape(total, [32 * TILES, 2, WIDTH // 2]), 1)
    token = tl.arange(0, WIDTH // PLANES)
    at = out + piece.to(tl.int64) * piece_stride + token[None, :] * stride + row[:, None]
    tl.store(at, total, (token < tokens)[None, :] & (row < rows)[:, None])


# Tiles, warps and stages of loads of a program, by width, and of formats for which registers would
# not do. Two tiles share what they read of the activations; at width 8 one warp holds both sums.
PROGRAMS: Mapping[int, tuple[int, int, int]] = {8: (2, 1, 3), 16: (2, 2, 3), 32: (2, 2, 2)}
SMALLER: Mapping[tuple[str, int], tuple[int, int, int]] = {
    ("Q2_K", 32): (1, 1, 2),
    ("Q3_K", 32): (1, 1, 2),
    ("Q5_1", 32): (1, 2, 2),
    ("Q6_K", 32): (1, 1, 2),
}


def product(x: Columns, weight: Packed, out: Tensor) -> None:
    """The product of rows of integers with weights, as a sum of pieces.

    `out`, f32 [pieces, tokens, rows], may be a part of wider rows; all of it is written.
    """
    form, (pieces, tokens, rows) = weight.format, out.shape
    if not launches(x.values):
        numbers = reference.restore(x, tokens)[:, : weight.columns]
        out[0] = numbers @ reference.dequantise(weight).T
        out[1:].zero_()
        return
    tiles, warps, stages = SMALLER.get((form.name, x.width), PROGRAMS[x.width])
    _skinny[triton.cdiv(rows, TILE * tiles), pieces](
        *(x.values, x.scales, x.sums),
        *(weight.planes, weight.scales, weight.mins, weight.supers),
        out,
        *(int(weight.planes.shape[1]), rows, pieces, tokens, out.stride(0), out.stride(1)),
        LOW=form.low,
        HIGH=form.high,
        OFFSET=form.offset,
        GROUP=form.group,
        WIDTH=x.width,
        PLANES=x.planes,
        TILES=tiles,
        num_warps=warps,
        num_stages=stages,
    )
