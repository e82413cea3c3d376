"""Random weights in the bytes of a GGUF file: a timing needs no real ones.

The bits of a quantised block are random; only its f16 scales are chosen, for values about as large
as a trained model's.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

MIXED = "Q4_K_M"  # the usual mixture: Q6_K where it matters most, the rest Q4_K
MIXTURES = {MIXED: ("Q4_K", "Q6_K")}
DENSE = ("BF16", "F16", "F32")

# kind → where its f16 begin in a block, and their values where the deviation is to be 1: as random
# bits make the other fields uniform, minima cancel the mean
_SCALES: Mapping[str, tuple[tuple[int, float], ...]] = {
    "Q8_0": ((0, 1 / 74),),
    "Q4_0": ((0, 1 / 4.6),),
    "Q4_1": ((0, 1 / 4.6), (2, -7.5 / 4.6)),
    "Q5_0": ((0, 1 / 9.2),),
    "Q5_1": ((0, 1 / 9.2), (2, -15.5 / 9.2)),
    "Q2_K": ((80, 1 / 13.9), (82, 1.5 / 13.9)),
    "Q3_K": ((108, 1 / 42.5),),
    "Q4_K": ((0, 1 / 258), (2, 7.5 / 258)),
    "Q5_K": ((0, 1 / 527), (2, 15.5 / 527)),
    "Q6_K": ((208, 1 / 1367),),
}
KINDS = (*DENSE, *_SCALES, MIXED)


def matrix(kind: str, rows: int, columns: int, rng: np.random.Generator) -> Bytes:
    """A random matrix of a kind, u8 [rows, bytes of a row]; no mixture."""
    if kind in DENSE:
        return _dense(kind, rows, columns, rng)
    across, size = GGML_QUANT_SIZES[GGMLQuantizationType[kind]]
    blocks = _bits(rows * columns // across * size, rng).reshape(-1, size)
    for place, scale in _SCALES[kind]:
        half = np.array([scale / math.sqrt(columns)], np.float16)
        blocks[:, place : place + 2] = half.view(np.uint8)
    return blocks.reshape(rows, -1)


def _bits(count: int, rng: np.random.Generator) -> Bytes:
    """Random bytes; drawn eight at a time, which is several times as fast."""
    return rng.integers(0, 1 << 64, -(-count // 8), np.uint64).view(np.uint8)[:count]


def _dense(kind: str, rows: int, columns: int, rng: np.random.Generator) -> Bytes:
    values = rng.standard_normal((rows, columns), np.float32) / np.float32(math.sqrt(columns))
    if kind == "F32":
        return values.view(np.uint8)
    if kind == "F16":
        return values.astype(np.float16).view(np.uint8)
    return (values.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)  # cut, not rounded


def kind_of(kind: str, part: str, layer: int, layers: int) -> str:
    """The kind of one matrix of a model of a kind, by the rule that files of this mixture follow.

    Values and the way down are Q6_K in the first and last eighth of the layers and in every third
    between; so is the output.
    """
    if kind != MIXED:
        return kind
    eighth = layers // 8
    outer = layer < eighth or layer >= 7 * layers // 8
    chosen = outer or (layer - eighth) % 3 == 2
    finer = part == "output" or (part in ("attn_v", "ffn_down") and chosen)
    return "Q6_K" if finer else "Q4_K"


def pure(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds that matrices of these have, a mixture being several."""
    return tuple(dict.fromkeys(one for kind in kinds for one in MIXTURES.get(kind, (kind,))))
