"""Where the bits of a block of 256 columns lie: in a file's blocks, and in our planes.

The old formats have blocks of 32 columns: eight of them, one after the other, make a block here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from sticli.kernels.operands import BLOCK


@dataclass(frozen=True, slots=True)
class Field:
    """Numbers of a few bits: number i lies in byte `places[i]`, from bit `shifts[i]` on."""

    bits: int
    places: tuple[int, ...]
    shifts: tuple[int, ...]

    def read(self, data: Tensor) -> Tensor:
        """The numbers, u8 [blocks, numbers], of the bytes of blocks, u8 [blocks, size]."""
        places = torch.tensor(self.places, device=data.device)
        shifts = torch.tensor(self.shifts, device=data.device, dtype=torch.uint8)
        numbers = data.index_select(1, places)
        return numbers.bitwise_right_shift_(shifts).bitwise_and_((1 << self.bits) - 1)

    def write(self, data: Tensor, numbers: Tensor) -> None:
        """Set the bits that `read` reads, in bytes that have zeros there."""
        for shift in sorted(set(self.shifts)):  # numbers of one shift lie in different bytes
            chosen = [index for index, other in enumerate(self.shifts) if other == shift]
            data[:, [self.places[index] for index in chosen]] |= numbers[:, chosen] << shift


Number = tuple[Field, ...]  # numbers in one or two pieces, the lowest bits first


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything lies in the bytes of a file's 256 columns."""

    size: int  # bytes
    low: Field
    high: Field | None
    floats: tuple[tuple[int, ...], ...]  # where f16 numbers begin: of scales, then of mins
    scales: Number = ()  # integers, where the f16 numbers are their supers
    mins: Number = ()
    bias: int = 0  # what the integers of scales have too much


def _field(bits: int, count: int, place: Callable[[int], tuple[int, int]]) -> Field:
    places, shifts = zip(*(place(index) for index in range(count)), strict=True)
    return Field(bits, places, shifts)


def planes(bits: int, first: int) -> Field:
    """Groups of 32 columns in planes of 32 bytes from byte `first` on, as `Format` says."""

    def place(column: int) -> tuple[int, int]:
        plane, part = divmod(column // 32, 8 // bits)
        return first + 32 * plane + column % 32, bits * part

    return _field(bits, BLOCK, place)


def _small(size: int, first: int, bits: int) -> Field:
    """Columns of blocks of 32, `size` bytes each, in fields that begin at byte `first`.

    Column e of a block: in a byte of its own; half the columns in low nibbles and half in high
    ones; or bit e of all.
    """

    def place(column: int) -> tuple[int, int]:
        block, e = divmod(column, 32)
        byte, shift = {8: (e, 0), 4: (e % 16, e // 16 * 4), 1: (e // 8, e % 8)}[bits]
        return size * block + first + byte, shift

    return _field(bits, BLOCK, place)


def _old(size: int, halves: int, high: bool = False, bits: int = 4) -> Layout:
    """Blocks of 32 columns: `halves` f16, four bytes of fifth bits, columns."""
    after = 2 * halves
    return Layout(
        size=8 * size,
        low=_small(size, after + 4 * high, bits),
        high=_small(size, after, 1) if high else None,
        floats=tuple(tuple(range(2 * half, 8 * size, size)) for half in range(halves)),
    )


def _six_bits(first: int) -> tuple[Number, Number]:
    """Eight scales and eight mins of 6 bits in the 12 bytes from `first` on.

    The first four of each have bytes of their own, in whose top bits lie the top bits of the last
    four of each; nibbles of the last four bytes hold the rest of these.
    """
    scales = (
        _field(4, 8, lambda i: (first + i + 4 * (i > 3), 0)),
        _field(2, 8, lambda i: (first + i % 4, 4 + 2 * (i > 3))),
    )
    mins = (
        _field(4, 8, lambda i: (first + i + 4, 4 * (i > 3))),
        _field(2, 8, lambda i: (first + i % 4 + 4, 4 + 2 * (i > 3))),
    )
    return scales, mins


def _q6_low(column: int) -> tuple[int, int]:
    half, rest = divmod(column, 128)
    group, e = divmod(rest, 32)
    return 64 * half + 32 * (group % 2) + e, 4 * (group // 2)


LAYOUTS: Mapping[str, Layout] = {
    "Q8_0": _old(34, halves=1, bits=8),
    "Q4_0": _old(18, halves=1),
    "Q4_1": _old(20, halves=2),
    "Q5_0": _old(22, halves=1, high=True),
    "Q5_1": _old(24, halves=2, high=True),
    "Q2_K": Layout(
        size=84,
        low=planes(2, 16),
        high=None,
        floats=((80,), (82,)),
        scales=(_field(4, 16, lambda i: (i, 0)),),
        mins=(_field(4, 16, lambda i: (i, 4)),),
    ),
    "Q3_K": Layout(
        size=110,
        low=planes(2, 32),
        high=planes(1, 0),
        floats=((108,),),
        scales=(
            _field(4, 16, lambda i: (96 + i % 8, i // 8 * 4)),
            _field(2, 16, lambda i: (104 + i % 4, i // 4 * 2)),
        ),
        bias=32,
    ),
    "Q4_K": Layout(144, planes(4, 16), None, ((0,), (2,)), *_six_bits(4)),
    "Q5_K": Layout(176, planes(4, 48), planes(1, 16), ((0,), (2,)), *_six_bits(4)),
    "Q6_K": Layout(
        size=210,
        low=_field(4, BLOCK, _q6_low),
        high=planes(2, 128),
        floats=((208,),),
        scales=(_field(8, 16, lambda i: (192 + i, 0)),),
    ),
}
