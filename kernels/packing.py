"""From a file's blocks to planes and scales that kernels read, and back, bit by bit."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from sticli.kernels.formats import Format
from sticli.kernels.layouts import LAYOUTS, Field, Layout, Number, planes
from sticli.kernels.operands import BLOCK, TILE, Dense, Packed, Weight

SLAB = 1 << 24  # weights packed at a time: scratch is a few bytes for each


def pack(raw: Tensor, form: Format, columns: int) -> Packed:
    """Weights as kernels read them, of a file's rows: u8 [rows, bytes of a row]."""
    rows = max(1, SLAB // columns // TILE) * TILE
    return _stack_packed([_pack(slab, form, columns) for slab in raw.split(rows)])


def unpack(packed: Packed) -> Tensor:
    """The file's rows again: u8 [rows, bytes of a row]."""
    form, layout = packed.format, LAYOUTS[packed.format.name]
    data = _by_rows(packed.planes).flatten(1) ^ _flip(form)
    blocks = data.new_zeros((len(data), layout.size))
    layout.low.write(blocks, _low(form).read(data))
    if layout.high is not None:
        layout.high.write(blocks, _high(form).read(data))
    _write_scales(blocks, layout, packed)
    rows = blocks.view(-1, packed.planes.shape[1] * layout.size)
    return rows[: packed.rows, : packed.columns * layout.size // BLOCK].contiguous()


def join(parts: Sequence[Weight]) -> tuple[Weight, ...]:
    """The same rows in fewer parts: neighbours of one kind become one, unless padding lies between.

    The parts must have equally many columns.
    """
    runs: list[list[Weight]] = []
    for part in parts:
        if runs and _continues(runs[-1][-1], part):
            runs[-1].append(part)
        else:
            runs.append([part])
    return tuple(_stack(run) for run in runs)


def _continues(above: Weight, below: Weight) -> bool:
    if isinstance(above, Packed) and isinstance(below, Packed):
        return above.format == below.format and above.rows % TILE == 0
    if isinstance(above, Dense) and isinstance(below, Dense):
        return bool(above.values.dtype == below.values.dtype)
    return False


def _stack(run: Sequence[Weight]) -> Weight:
    """Parts that continue each other as one."""
    if len(run) == 1:
        return run[0]
    packed = [part for part in run if isinstance(part, Packed)]
    if not packed:
        return Dense(torch.cat([part.values for part in run if isinstance(part, Dense)]))
    return _stack_packed(packed)


def _stack_packed(run: Sequence[Packed]) -> Packed:
    top = run[0]
    return Packed(
        top.format,
        sum(part.rows for part in run),
        top.columns,
        torch.cat([part.planes for part in run]),
        torch.cat([part.scales for part in run]),
        torch.cat([part.mins for part in run]) if top.mins is not None else None,
        torch.cat([part.supers for part in run]) if top.supers is not None else None,
    )


def _pack(raw: Tensor, form: Format, columns: int) -> Packed:
    """Rows that are few enough to be unpacked at once."""
    layout = LAYOUTS[form.name]
    whole = functional.pad(raw, (0, -raw.shape[1] % layout.size, 0, -len(raw) % TILE))
    across = whole.shape[1] // layout.size
    blocks = whole.reshape(-1, layout.size)
    data = blocks.new_zeros((len(blocks), 32 * form.planes))
    _low(form).write(data, layout.low.read(blocks))
    if layout.high is not None:
        _high(form).write(data, layout.high.read(blocks))
    numbers = (data ^ _flip(form)).unflatten(1, (-1, 32))
    tiled = (_by_tiles(item, across) for item in (numbers, *_read_scales(blocks, layout)))
    return Packed(form, len(raw), columns, *tiled)


def _read_scales(blocks: Tensor, layout: Layout) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Scales, mins and supers as `Packed` has them, each [blocks, numbers]."""
    floats = [_read_floats(blocks, places) for places in layout.floats]
    if not layout.scales:
        return floats[0], floats[1] if len(floats) > 1 else None, None
    scales = _read_number(blocks, layout.scales) - layout.bias
    mins = _read_number(blocks, layout.mins) if layout.mins else None
    return scales.view(torch.int8), mins, torch.cat(floats, 1)


def _write_scales(blocks: Tensor, layout: Layout, packed: Packed) -> None:
    scales = _by_rows(packed.scales)
    mins = None if packed.mins is None else _by_rows(packed.mins)
    if packed.supers is None:
        floats = [scales] if mins is None else [scales, mins]
    else:
        floats = [*_by_rows(packed.supers).split(1, 1)]
        _write_number(blocks, layout.scales, scales.view(torch.uint8) + layout.bias)
        if mins is not None:
            _write_number(blocks, layout.mins, mins)
    for places, numbers in zip(layout.floats, floats, strict=True):
        alone = numbers.clone(memory_format=torch.contiguous_format)  # also where it is one wide
        blocks[:, _both_bytes(places)] = alone.view(torch.uint8)


def _read_floats(blocks: Tensor, places: Sequence[int]) -> Tensor:
    return blocks[:, _both_bytes(places)].view(torch.float16)


def _both_bytes(places: Sequence[int]) -> list[int]:
    return [place + byte for place in places for byte in (0, 1)]


def _read_number(blocks: Tensor, number: Number) -> Tensor:
    """An integer of which several fields hold pieces."""
    low, *high = number
    total = low.read(blocks)
    for field in high:
        total |= field.read(blocks) << low.bits
    return total


def _write_number(blocks: Tensor, number: Number, total: Tensor) -> None:
    low, *high = number
    low.write(blocks, total & ((1 << low.bits) - 1))
    for field in high:
        field.write(blocks, total >> low.bits)


def _low(form: Format) -> Field:
    return planes(form.low, 0)


def _high(form: Format) -> Field:
    return planes(form.high, 32 * form.low)


def _flip(form: Format) -> int:
    return 0 if form.low == 8 else 0x80


def _by_tiles(rows: Tensor | None, across: int) -> Tensor | None:
    """[tiles, blocks, numbers, 32 rows, ...] of [rows · blocks, numbers, ...]."""
    if rows is None:
        return None
    return rows.unflatten(0, (-1, TILE, across)).movedim(1, 3).contiguous()


def _by_rows(tiles: Tensor) -> Tensor:
    """[rows · blocks, numbers, ...] of [tiles, blocks, numbers, 32 rows, ...]."""
    return tiles.movedim(3, 1).flatten(0, 2)
