"""Random weights as kernels read them, and what reading them costs."""

import math

import numpy as np
import torch
from torch import Tensor

from sticli.bench import kinds
from sticli.kernels import packing
from sticli.kernels.formats import FORMATS
from sticli.kernels.layouts import LAYOUTS
from sticli.kernels.operands import BLOCK, Dense, Weight

DENSE = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}


def weight(kind: str, rows: int, columns: int, device: torch.device) -> Weight:
    """A random matrix of a kind, its values about as large as a trained model's."""
    if kind in DENSE:
        values = torch.randn(rows, columns, device=device, dtype=torch.float32)
        return Dense((values / math.sqrt(columns)).to(DENSE[kind]))
    return packing.pack(_raw(kind, rows, columns).to(device), FORMATS[kind], columns)


def _raw(kind: str, rows: int, columns: int) -> Tensor:
    """The bytes of a file, u8 [rows, bytes of a row]; they follow from torch's seed."""
    rng = np.random.Generator(np.random.SFC64(int(torch.randint(1 << 62, ()))))
    return torch.from_numpy(kinds.matrix(kind, rows, columns, rng))


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
