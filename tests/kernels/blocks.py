"""Random weights in every block format of GGUF, as the bytes of a file and packed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from numpy.typing import NDArray
from torch import Tensor

from sticli.kernels import packing
from sticli.kernels.formats import FORMATS
from sticli.kernels.operands import Packed

Raw = NDArray[np.uint8]

# Where f16 numbers stand in a block: any other bits are valid, these must be finite.
FLOATS: Mapping[str, tuple[int, ...]] = {
    **{"Q8_0": (0,), "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2)},
    **{"Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)},
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One matrix: as a file holds it, as kernels read it, and what it means, f32."""

    raw: Tensor  # u8 [rows, bytes of a row]
    packed: Packed
    values: Tensor  # f32 [rows, columns], by the gguf package


def raw(name: str, rows: int, columns: int, rng: np.random.Generator) -> Raw:
    """Random rows of blocks: u8 [rows, bytes of a row]; every bit is used, scales are finite."""
    width, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    blocks = rng.integers(0, 256, (rows, columns // width, size), np.uint8)
    for at in FLOATS[name]:
        scales = rng.normal(0, 0.01, (rows, columns // width, 1)).astype(np.float16)
        blocks[:, :, at : at + 2] = scales.view(np.uint8)
    return blocks.reshape(rows, -1)


def values(name: str, rows: Raw) -> NDArray[np.float32]:
    """What raw rows mean, by the gguf package: f32 [rows, columns]."""
    return dequantize(rows, GGMLQuantizationType[name])


def sample(
    name: str, rows: int, columns: int, seed: int, device: torch.device | str = "cpu"
) -> Sample:
    """A random matrix of one format, on `device`."""
    bits = raw(name, rows, columns, np.random.default_rng(seed))
    tensor = torch.from_numpy(bits).to(device)
    packed = packing.pack(tensor, FORMATS[name], columns)
    return Sample(tensor, packed, torch.from_numpy(values(name, bits)).to(device))
