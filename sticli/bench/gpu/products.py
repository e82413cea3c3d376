"""Products with weights: ours, torch's with plain numbers of 16 bits, and the floor."""

from collections.abc import Iterator

import torch
from torch.nn import functional

from sticli.bench.gpu import matrices
from sticli.bench.gpu.case import Case
from sticli.bench.gpu.stopwatch import copies
from sticli.bench.shapes import Shape
from sticli.kernels.columns import quantise
from sticli.kernels.formats import FORMATS
from sticli.kernels.linear import linear
from sticli.kernels.operands import SKINNY, Activations, shape_of_columns

KINDS = ("BF16", *FORMATS)
ROWS = (1, 4, 16, 32, 128, 512, 2048)


def linears(shape: Shape, kind: str, device: torch.device) -> Iterator[Case]:
    """The two matrices of the way up and down. To quantise rows is not in it: others do that."""
    dtype = matrices.half(kind, device)
    for rows, columns in ((2 * shape.forward, shape.width), (shape.width, shape.forward)):
        for tokens in ROWS if device.type == "cuda" else (1, 40):
            yield _linear(kind, rows, columns, tokens, device, dtype)


def _linear(
    kind: str, rows: int, columns: int, tokens: int, device: torch.device, dtype: torch.dtype
) -> Case:
    weights = [matrices.weight(kind, rows, columns, device)]
    size = matrices.size(weights[0])
    weights += [
        matrices.weight(kind, rows, columns, device) for _ in range(1, copies(size, device))
    ]
    plain = [
        torch.randn(rows, columns, device=device, dtype=dtype)
        for _ in range(copies(2 * rows * columns, device))
    ]
    values = torch.randn(tokens, columns, device=device, dtype=dtype)
    packed = quantise(values, *shape_of_columns(tokens)) if tokens <= SKINNY else None
    given = Activations(values, packed)
    return Case(
        f"{kind} {rows}x{columns} · {tokens}",
        size + 4 * tokens * rows + values.nbytes,
        2.0 * tokens * rows * columns,
        lambda n: linear(given, (weights[n % len(weights)],)),
        lambda n: functional.linear(values, plain[n % len(plain)]),
        max(len(weights), len(plain)),
    )
