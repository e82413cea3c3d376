"""Products with weights that stand below each other: which kernel makes them, in how many pieces.

All parts write into one slab, as a sum of pieces that whoever reads it adds up: a few rows of
activations leave a GPU idle unless the sums over columns are split among its processors.
"""

import torch
from torch import Tensor

from sticli.kernels import matvec, reference, skinny, tiled
from sticli.kernels.device import launches, processors
from sticli.kernels.operands import BLOCK, SKINNY, TILE, Activations, Dense, Packed, Weight

TILES = 12  # of 32 rows of weights: so many at a time hide what a processor waits for loads


def linear(x: Activations, parts: tuple[Weight, ...]) -> Tensor:
    """The product with weights that stand below each other: f32 [pieces, tokens, rows of all]."""
    if not launches(x.values):
        return reference.linear(x, parts)
    rows = [part.rows for part in parts]
    shape = (pieces(x, parts), len(x.values), sum(rows))
    result = torch.empty(shape, dtype=torch.float32, device=x.values.device)
    for part, out in zip(parts, result.split(rows, 2), strict=True):
        _product(x, part, out)
    return result


def _product(x: Activations, part: Weight, out: Tensor) -> None:
    few = len(x.values) <= SKINNY
    if few and isinstance(part, Packed) and x.columns is not None:
        skinny.product(x.columns, part, out)
    elif few and isinstance(part, Dense) and part.values.element_size() == 2:
        matvec.product(x.values, part, out)
    else:
        tiled.product(x.values, part, out)


def pieces(x: Activations, parts: tuple[Weight, ...]) -> int:
    """Into how many pieces the sums are split: by shapes alone, so that graphs can repeat it.

    The part with the fewest rows still fills the GPU, but what is written, and read again, stays
    small beside the weights. Powers of two: whoever adds them up is compiled for their number.
    """
    tokens = len(x.values)
    if tokens > tiled.MANY or not any(_splits(part, tokens) for part in parts):
        return 1
    tiles = min(-(-part.rows // TILE) for part in parts) * -(-tokens // SKINNY)
    wanted = -(-TILES * processors(x.values.device) // tiles)
    most = 8 if tokens <= 8 else 4
    limit = min(most, -(-parts[0].columns // BLOCK))
    return min(1 << (wanted - 1).bit_length(), 1 << limit.bit_length() - 1)


def _splits(part: Weight, tokens: int) -> bool:
    """Whether the kernel for these weights sums in pieces; torch, for plain numbers, does not."""
    return isinstance(part, Packed) or (tokens <= SKINNY and part.values.element_size() == 2)
