"""Rotation and the writing of cells: the kernel against the reference."""

import pytest
import torch
from torch import Tensor

from sticli.kernels import reference
from sticli.kernels.operands import CELLS, Pool, Rope
from sticli.kernels.rope import rope_write
from tests.kernels.test_norm import close

pytestmark = pytest.mark.usefixtures("poisoned")

LAYERS, LAYER = 2, 1


def pool_of(heads: int, size: int, dtype: torch.dtype, device: torch.device) -> Pool:
    """Three blocks of cells that hold what nobody wrote."""
    shape = (3, LAYERS, 2, heads, CELLS)
    unknown = torch.nan if dtype.is_floating_point else 0x7F
    cells = torch.full((*shape, size), unknown, dtype=dtype, device=device)
    if dtype != torch.int8:
        return Pool(cells)
    return Pool(cells, torch.full(shape, torch.nan, dtype=torch.float16, device=device))


def rope_of(pairs: int, interleaved: bool, device: torch.device) -> Rope:
    angles = torch.arange(50.0, device=device)[:, None] / (1 + torch.arange(pairs, device=device))
    return Rope(angles.cos(), angles.sin(), interleaved)


def numbers(pool: Pool) -> Tensor:
    """What the cells stand for, f32; NaN where nothing was written."""
    if pool.scales is None:
        return pool.cells.float()
    return pool.cells.float() * pool.scales.float()[..., None]


@pytest.mark.parametrize(
    ("size", "pairs", "interleaved", "pieces", "bias", "norms", "cells"),
    [
        (16, 8, False, 1, False, False, torch.float32),
        (80, 16, False, 2, True, False, torch.float16),
        (96, 48, False, 1, False, True, torch.int8),
        (32, 16, True, 3, True, True, torch.float32),
        (24, 8, True, 1, False, True, torch.int8),
    ],
)
def test_kernel_agrees_with_reference(
    size: int,
    pairs: int,
    interleaved: bool,
    pieces: int,
    bias: bool,
    norms: bool,
    cells: torch.dtype,
    device: torch.device,
) -> None:
    queries, heads, tokens = 3, 1, 3
    width = (queries + 2 * heads) * size
    parts = torch.randn(pieces, tokens, width, device=device)
    added = torch.randn(width, device=device) if bias else None
    weights = (torch.rand(size, device=device), torch.rand(size, device=device) + 1)
    positions = torch.tensor([7, 0, 49], dtype=torch.int32, device=device)
    slots = torch.tensor([130, -1, 63], dtype=torch.int32, device=device)
    pool, right = (pool_of(heads, size, cells, device) for _ in range(2))
    given = (parts, added, weights if norms else None, 1e-5)
    rope = rope_of(pairs, interleaved, device)
    made = rope_write(*given, rope, positions, slots, pool, LAYER, dtype=torch.float32)
    wanted = reference.rope_write(*given, rope, positions, slots, right, LAYER)
    close(made, wanted)
    step = {torch.float32: 1e-6, torch.float16: 1e-3, torch.int8: 1.02 / 127}[cells]
    agree(pool, right, step)


def agree(pool: Pool, right: Pool, step: float) -> None:
    """Check that the same cells were written, and that they hold the same within a step."""
    made, wanted = numbers(pool), numbers(right)
    assert torch.equal(made.isnan(), wanted.isnan())
    assert (made - wanted).abs().nan_to_num(0.0).max() <= step * wanted.abs().nan_to_num(0.0).max()
    written = ~wanted.isnan().all(-1)
    assert written.sum() == 2 * 2  # keys and values of two tokens, in one layer
    assert not written[:, 1 - LAYER].any()


def test_keys_without_queries_are_turned_and_written(device: torch.device) -> None:
    pool, right = (pool_of(1, 16, torch.float32, device) for _ in range(2))
    parts = torch.randn(1, 2, 32, device=device)
    at = torch.tensor([5, 70], dtype=torch.int32, device=device)
    given = (parts, None, None, 0.0, rope_of(8, False, device), at // 2, at)
    made = rope_write(*given, pool, LAYER, dtype=torch.float32)
    reference.rope_write(*given, right, LAYER)
    assert made.shape == (2, 0, 16)
    agree(pool, right, 1e-6)


def test_heads_of_zeros_have_a_scale_of_zero(device: torch.device) -> None:
    pool = pool_of(1, 16, torch.int8, device)
    at = torch.zeros(1, dtype=torch.int32, device=device)
    parts = torch.zeros(1, 1, 48, device=device)
    parts[0, 0, 40] = 1e-6  # less than f16 can scale
    rope = rope_of(8, False, device)
    rope_write(parts, None, None, 1e-5, rope, at, at, pool, LAYER, dtype=torch.float32)
    assert pool.scales is not None
    assert not pool.scales[0, LAYER, :, 0, 0].any()
    assert not pool.cells[0, LAYER, :, 0, 0].any()


def test_pool_may_lie_past_two_to_the_31(device: torch.device) -> None:
    if device.type != "cuda":
        pytest.skip("a pool of 5 GB is for a GPU")
    cells = torch.zeros((2100, 64, 2, 1, CELLS, 128), dtype=torch.int8, device=device)
    scales = torch.zeros(cells.shape[:-1], dtype=torch.float16, device=device)
    at = torch.tensor([2099 * CELLS], dtype=torch.int32, device=device)
    parts = torch.ones(1, 1, 3 * 128, device=device)
    rope = rope_of(64, False, device)
    place = torch.zeros(1, dtype=torch.int32, device=device)
    rope_write(
        parts, None, None, 1e-5, rope, place, at, Pool(cells, scales), 63, dtype=torch.float16
    )
    assert (cells[2099, 63, :, 0, 0] == 127).all()


def test_pass_without_kernels_is_the_reference() -> None:
    pool, right = (pool_of(1, 16, torch.float32, torch.device("cpu")) for _ in range(2))
    parts, at = torch.randn(1, 2, 64), torch.tensor([3, 4], dtype=torch.int32)
    given = (parts, None, None, 1e-5, rope_of(8, False, parts.device), at, at)
    made = rope_write(*given, pool, LAYER, dtype=torch.float16)
    assert torch.equal(made, reference.rope_write(*given, right, LAYER))
    assert torch.equal(numbers(pool).nan_to_num(0.0), numbers(right).nan_to_num(0.0))
