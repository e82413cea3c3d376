"""Random weights of any format and size, made on the spot: a timing needs no real ones."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from sticli.kernels.formats import FORMATS, Format
from sticli.kernels.layouts import LAYOUTS
from sticli.kernels.operands import BLOCK, TILE, Dense, Packed, Weight

MIXED = "Q4_K_M"  # the usual mixture: Q6_K where it matters most, the rest Q4_K
MIXTURES = {MIXED: ("Q4_K", "Q6_K")}
DENSE = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}
KINDS = (*DENSE, *FORMATS, MIXED)


def weight(kind: str, rows: int, columns: int, device: torch.device) -> Weight:
    """A random matrix of a kind, its values about as large as a trained model's."""
    if kind in DENSE:
        values = torch.randn(rows, columns, device=device, dtype=torch.float32)
        return Dense((values / math.sqrt(columns)).to(DENSE[kind]))
    return _packed(FORMATS[kind], rows, columns, device)


def _packed(form: Format, rows: int, columns: int, device: torch.device) -> Packed:
    tiles, blocks = -(-rows // TILE), -(-columns // BLOCK)
    planes = _integers(0, 256, (tiles, blocks, form.planes, TILE, 32), torch.uint8, device)
    size = 1 / (math.sqrt(columns) * 2 ** (form.low + form.high - 1))
    shape = (tiles, blocks, form.groups, TILE)
    if not form.supers:
        mins = _halves(shape, size * form.offset, device) if form.mins else None
        return Packed(form, rows, columns, planes, _halves(shape, size, device), mins, None)
    scales = _integers(1, 16, shape, torch.int8, device)
    mins = _integers(1, 16, shape, torch.uint8, device) if form.mins else None
    supers = _halves((tiles, blocks, 2 if form.mins else 1, TILE), size / 8, device)
    return Packed(form, rows, columns, planes, scales, mins, supers)


def _integers(
    low: int, high: int, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> Tensor:
    return torch.randint(low, high, shape, dtype=dtype, device=device)


def _halves(shape: tuple[int, ...], size: float, device: torch.device) -> Tensor:
    return ((0.5 + torch.rand(shape, device=device)) * size).half()


def kind_of(kind: str, tensor: str, layer: int, layers: int) -> str:
    """The kind of one tensor of a model of a kind, by the rule that files of this mixture follow.

    Values and the way down are Q6_K in the first and last eighth of the layers and in every third
    between; so is the output.
    """
    if kind != MIXED:
        return kind
    eighth = layers // 8
    outer = layer < eighth or layer >= 7 * layers // 8
    chosen = outer or (layer - eighth) % 3 == 2
    finer = tensor == "output" or (tensor in ("attn_v", "ffn_down") and chosen)
    return "Q6_K" if finer else "Q4_K"


def pure(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds that matrices of these have, a mixture being several."""
    return tuple(dict.fromkeys(one for kind in kinds for one in MIXTURES.get(kind, (kind,))))


def size(item: Weight) -> int:
    """Bytes of a matrix in a file: what reading it once costs at least, whatever we make of it."""
    if isinstance(item, Dense):
        return int(item.values.nbytes)
    return item.rows * -(-item.columns // BLOCK) * LAYOUTS[item.format.name].size


def half(kind: str, device: torch.device) -> torch.dtype:
    """The type of activations beside weights of a kind, as a model of them has it."""
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if kind == "BF16" else torch.float16
