"""Products with weights, and the small operations between them: ours, torch's, and the floor."""

from collections.abc import Iterator

import torch
from torch.nn import functional

from sticli.bench.gpu import synthetic
from sticli.bench.gpu.case import Case
from sticli.bench.gpu.shapes import Shape
from sticli.bench.gpu.stopwatch import copies
from sticli.kernels.columns import quantise
from sticli.kernels.formats import FORMATS
from sticli.kernels.glu import glu
from sticli.kernels.linear import linear
from sticli.kernels.norm import rms_norm
from sticli.kernels.operands import SKINNY, Activations, shape_of_columns
from sticli.kernels.top import top

KINDS = ("BF16", *FORMATS)
ROWS = (1, 4, 16, 32, 128, 512, 2048)


def linears(shape: Shape, kind: str, device: torch.device) -> Iterator[Case]:
    """The two matrices of the way up and down, for so many rows."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    for rows, columns in ((2 * shape.forward, shape.width), (shape.width, shape.forward)):
        for tokens in ROWS if device.type == "cuda" else (1, 40):
            yield _linear(kind, rows, columns, tokens, device, dtype)


def _linear(
    kind: str, rows: int, columns: int, tokens: int, device: torch.device, dtype: torch.dtype
) -> Case:
    weights = [synthetic.weight(kind, rows, columns, device)]
    size = synthetic.size(weights[0])
    weights += [
        synthetic.weight(kind, rows, columns, device) for _ in range(1, copies(size, device))
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


def small(shape: Shape, tokens: int, device: torch.device) -> Iterator[Case]:
    """What stands between two products: norm, gated unit, and the choice of a token."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    residual = torch.randn(tokens, shape.width, device=device)
    weight = torch.ones(shape.width, device=device)
    update = torch.randn(4, tokens, shape.width, device=device)
    yield Case(
        f"rms_norm · {tokens}",
        4.0 * residual.numel() * 6,
        0.0,
        lambda _: rms_norm(residual, update, weight, 1e-5, columns=tokens <= SKINNY, dtype=dtype),
        lambda _: functional.rms_norm(residual + update.sum(0), (shape.width,), weight, 1e-5),
    )
    pieces = torch.randn(4, tokens, 2 * shape.forward, device=device)
    yield Case(
        f"glu · {tokens}",
        4.0 * pieces.numel(),
        0.0,
        lambda _: glu(pieces, "silu", columns=tokens <= SKINNY, dtype=dtype),
        lambda _: _glu(pieces),
    )
    logits = torch.randn(tokens, shape.vocabulary, device=device)
    yield Case(
        f"top 2 of {shape.vocabulary} · {tokens}",
        4.0 * logits.numel(),
        0.0,
        lambda _: top(logits, 2),
        lambda _: torch.topk(logits, 2, 1),
    )


def _glu(pieces: torch.Tensor) -> torch.Tensor:
    gate, rest = pieces.sum(0).chunk(2, 1)
    return functional.silu(gate) * rest
