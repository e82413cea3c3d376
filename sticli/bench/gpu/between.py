"""The small operations between products: ours, torch's where it has the same, and the floor."""

from collections.abc import Iterator

import torch
from torch.nn import functional

from sticli.bench.gpu import matrices
from sticli.bench.gpu.case import Case
from sticli.bench.shapes import Shape
from sticli.daemon.engines.gpu import ropes
from sticli.kernels.embed import embed
from sticli.kernels.glu import glu
from sticli.kernels.norm import rms_norm
from sticli.kernels.operands import CELLS, SKINNY, Pool
from sticli.kernels.rope import rope_write
from sticli.kernels.top import top
from sticli.models.hparams import Rotation

PIECES = 4  # that a product leaves: whoever comes next adds them up


def cases(shape: Shape, tokens: int, device: torch.device) -> Iterator[Case]:
    """Every one of them for so many tokens. What they read was just written, as in a pass."""
    yield _embed(shape, tokens, device)
    yield _rms_norm(shape, tokens, device)
    yield _rope_write(shape, tokens, device)
    yield _glu(shape, tokens, device)
    logits = torch.randn(tokens, shape.vocabulary, device=device)
    yield Case(
        f"top 2 of {shape.vocabulary} · {tokens}",
        4.0 * logits.numel(),
        0.0,
        lambda _: top(logits, 2),
        lambda _: torch.topk(logits, 2, 1),
    )


def _embed(shape: Shape, tokens: int, device: torch.device) -> Case:
    table = matrices.weight("Q4_K", shape.vocabulary, shape.width, device)
    ids = torch.randint(0, shape.vocabulary, (tokens,), device=device, dtype=torch.int32)
    size = matrices.size(table) / shape.vocabulary + 4 * shape.width
    return Case(f"embed Q4_K · {tokens}", tokens * size, 0.0, lambda _: embed(ids, table, 1.0))


def _rms_norm(shape: Shape, tokens: int, device: torch.device) -> Case:
    residual = torch.randn(tokens, shape.width, device=device)
    weight = torch.ones(shape.width, device=device)
    update = torch.randn(PIECES, tokens, shape.width, device=device)
    few, dtype = tokens <= SKINNY, matrices.half("Q4_K", device)
    return Case(
        f"rms_norm · {tokens}",
        4.0 * residual.numel() * (PIECES + 2),
        0.0,
        lambda _: rms_norm(residual, update, weight, 1e-5, columns=few, dtype=dtype),
        lambda _: functional.rms_norm(residual + update.sum(0), (shape.width,), weight, 1e-5),
    )


def _rope_write(shape: Shape, tokens: int, device: torch.device) -> Case:
    heads, size = shape.heads + 2 * shape.kv_heads, shape.head_size
    dtype = matrices.half("Q4_K", device)
    pieces = torch.randn(PIECES, tokens, heads * size, device=device)
    rotation = Rotation(size, 500000.0, 1.0, False, 4096, "none", 1.0)
    rope = ropes.rope(rotation, None, tokens, device)
    pool = Pool(torch.empty(tokens, 1, 2, shape.kv_heads, CELLS, size, device=device, dtype=dtype))
    positions = torch.arange(tokens, device=device, dtype=torch.int32)
    slots = positions * CELLS
    given = (pieces, None, None, 1e-5, rope, positions, slots, pool, 0)
    return Case(
        f"rope_write · {tokens}",
        4.0 * pieces.numel() + tokens * heads * size * dtype.itemsize,
        0.0,
        lambda _: rope_write(*given, dtype=dtype),
    )


def _glu(shape: Shape, tokens: int, device: torch.device) -> Case:
    pieces = torch.randn(PIECES, tokens, 2 * shape.forward, device=device)
    few, dtype = tokens <= SKINNY, matrices.half("Q4_K", device)

    def theirs(_: int) -> torch.Tensor:
        gate, rest = pieces.sum(0).chunk(2, 1)
        return functional.silu(gate) * rest

    return Case(
        f"glu · {tokens}",
        4.0 * pieces.numel(),
        0.0,
        lambda _: glu(pieces, "silu", columns=few, dtype=dtype),
        theirs,
    )
