"""From a file's bits to numbers: one group of 32 columns for some rows of packed weights.

No field is shifted out. Masked in place it is a small integer, and or-ed into the mantissa of the
16-bit float 1024 it is that float's exact addition: two instructions for two weights, where one
conversion of a byte is several times as slow.
"""

import triton
from triton import language as tl

from sticli.kernels.operands import Packed


def constants(weight: Packed) -> dict[str, int]:
    """What a kernel that calls `values` is compiled for."""
    form = weight.format
    return {"LOW": form.low, "HIGH": form.high, "OFFSET": form.offset, "GROUP": form.group}


@triton.jit
def values(
    planes,
    scales,
    mins,  # None where the format has none
    supers,  # None where the format has none
    rows,  # i64 [R], of the padded rows
    block,
    blocks,  # how many there are in a row
    start,  # a group of 32 columns that begins a byte in every plane
    group: tl.constexpr,  # counted from there
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
    OFFSET: tl.constexpr,
    GROUP: tl.constexpr,
):
    """Group `start` + `group` of block `block` of `rows`: f32 [R, 32]."""
    unit, place = rows // 32 * blocks + block, rows % 32
    number = numbers(planes, unit, place, start, group, LOW, HIGH, OFFSET)
    loaded = factors(scales, mins, supers, unit, place, start + group, 1, GROUP)
    number = number.to(tl.float32)
    return scaled(number, loaded, 0, 1, mins is not None, supers is not None)


@triton.jit
def numbers(
    planes,
    unit,
    place,
    start,
    group: tl.constexpr,
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
    OFFSET: tl.constexpr,
):
    """The integers of one group, exact: f16 [R, 32]."""
    first = unit * ((LOW + HIGH) * 1024) + place * 32
    low = _field(planes, first, 0, LOW, start, group)
    if LOW == 8:
        return low - 1152.0  # its sign bit was flipped like the topmost bit of other fields: 128
    number = (low - 1024.0) * (1.0 / (1 << group * LOW % 8)) - OFFSET
    if HIGH > 0:
        high = _field(planes, first, LOW, HIGH, start, group) - 1024.0
        number += high * ((1 << LOW) / (1 << group * HIGH % 8))
    return number


@triton.jit
def _field(planes, first, plane: tl.constexpr, BITS: tl.constexpr, start, group: tl.constexpr):
    """1024 and a field times its place value: f16 [R, 32]."""
    at = first + (start * BITS // 8 + (plane + group * BITS // 8)) * 1024
    byte = tl.load(planes + at[:, None] + tl.arange(0, 32)[None, :])
    MASK: tl.constexpr = ((1 << BITS) - 1) << group * BITS % 8
    # 0x6400 is 1024, whose mantissa counts in ones; planes come with their topmost bit flipped.
    if BITS == 8:
        bits = (byte ^ 0x80).to(tl.uint16) | 0x6400
    else:
        bits = (byte.to(tl.uint16) & MASK) ^ (0x6400 | (MASK & 0x80))
    return bits.to(tl.float16, bitcast=True)


@triton.jit
def factors(
    scales,
    mins,
    supers,
    unit,
    place,
    start,  # a group of 32 columns
    GROUPS: tl.constexpr,  # how many of them
    GROUP: tl.constexpr,
):
    """What `scaled` needs, as it was loaded: nothing waits for it before it is used."""
    SHARE: tl.constexpr = 32 // GROUP  # scales of a group of 32: one, or two
    loaded = tl.tuple([])
    for group in tl.static_range(GROUPS):
        first = (unit * 8 + start + group) * (SHARE * 32) + place
        at = first[:, None] + tl.arange(0, SHARE)[None, :] * 32
        loaded += (tl.load(scales + at),)  # [R, SHARE]
        if mins is not None:
            loaded += (tl.load(mins + at),)
    if supers is not None:
        at = (unit * (32 if mins is None else 64) + place)[:, None]
        loaded += (tl.load(supers + at),)  # [R, 1]
        if mins is not None:
            loaded += (tl.load(supers + at + 32),)
    return loaded


@triton.jit
def scaled(
    number,  # [R, 32], f32 or f16: in the latter all is rounded to it
    loaded,  # of `factors`
    group: tl.constexpr,  # which of its groups
    GROUPS: tl.constexpr,
    MINS: tl.constexpr,
    SUPERS: tl.constexpr,
):
    """The values of one group: as `number`."""
    EACH: tl.constexpr = 2 if MINS else 1
    scale = loaded[group * EACH].to(tl.float32)
    if SUPERS:
        scale *= loaded[GROUPS * EACH].to(tl.float32)
    value = number * _spread(scale.to(number.dtype), number)
    if MINS:
        least = loaded[group * EACH + 1].to(tl.float32)
        if SUPERS:
            least *= -loaded[GROUPS * EACH + 1].to(tl.float32)
        value += _spread(least.to(number.dtype), number)
    return value


@triton.jit
def _spread(scale, like):
    """Scales of whole or half groups, [R, 1] or [R, 2], beside their columns: [R, 32].

    By changes of shape only: with tl.where the compiler would take the values through shared
    memory instead of making them where the tensor cores want them.
    """
    SHAPE: tl.constexpr = [like.shape[0], scale.shape[1], 32 // scale.shape[1]]
    return tl.reshape(tl.broadcast_to(scale[:, :, None], SHAPE), like.shape)
