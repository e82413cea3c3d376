"""Dequantising products: every format, edges of tiles, pieces, slabs."""

import pytest
import torch
from torch import Tensor

from sticli.kernels import reference, tiled
from sticli.kernels.formats import FORMATS
from sticli.kernels.operands import Dense
from tests.kernels import blocks

OLD = ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1")  # their columns need not fill blocks of 256


def _close(got: Tensor, want: Tensor, bound: float) -> None:
    """Differences stay below `bound` of the largest number; a NaN fails."""
    assert got.shape == want.shape
    assert (got.float() - want).abs().max() <= bound * want.abs().max()


def _x(tokens: int, columns: int, device: torch.device) -> Tensor:
    """Random half numbers in rows that go on with NaN."""
    wide = torch.full((tokens, columns + 16), torch.nan, dtype=torch.float16, device=device)
    wide[:, :columns] = torch.randn(tokens, columns, device=device)
    return wide[:, :columns]


def _out(pieces: int, tokens: int, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """A poisoned slab and the part of it that a product writes."""
    slab = torch.full((pieces, tokens, rows + 7), torch.nan, device=device)
    return slab, slab[:, :, 3 : 3 + rows]


@pytest.mark.parametrize("name", FORMATS)
def test_dequantise(name: str, device: torch.device) -> None:
    weight = blocks.sample(name, 40, 320 if name in OLD else 256, 1, device).packed
    _close(tiled.dequantise(weight, torch.float32), reference.dequantise(weight), 1e-7)


def test_dequantise_to_half_numbers(device: torch.device) -> None:
    weight = blocks.sample("Q6_K", 33, 512, 1, device).packed
    half = tiled.dequantise(weight, torch.float16)
    assert half.dtype == torch.float16
    _close(half, reference.dequantise(weight), 1e-3)


@pytest.mark.parametrize("name", FORMATS)
def test_a_product(name: str, device: torch.device) -> None:
    columns = 320 if name in OLD else 512
    weight = blocks.sample(name, 40, columns, 2, device).packed
    x = _x(37, columns, device)
    slab, out = _out(2, 37, 40, device)
    tiled.product(x, weight, out)
    _close(out.sum(0), x.float() @ reference.dequantise(weight).T, 2e-3)
    assert slab.isnan().sum() == 2 * 37 * 7, "it wrote outside of its part"


def test_numbers_other_than_f16_are_scaled_in_f32(device: torch.device) -> None:
    """As bf16 is, which the interpreter cannot multiply."""
    weight = blocks.sample("Q2_K", 40, 512, 6, device).packed
    x = torch.randn(5, 512, device=device)
    _, out = _out(2, 5, 40, device)
    tiled.product(x, weight, out)
    _close(out.sum(0), x @ reference.dequantise(weight).T, 2e-3 if x.is_cuda else 1e-6)


def test_more_tiles_than_one_and_more_pieces_than_blocks(device: torch.device) -> None:
    weight = blocks.sample("Q4_K", tiled.ROWS + 1, 512, 3, device).packed
    x = _x(tiled.TOKENS + 1, 512, device)
    _, out = _out(3, len(x), weight.rows, device)
    tiled.product(x, weight, out)
    _close(out.sum(0), x.float() @ reference.dequantise(weight).T, 2e-3)


def test_many_tokens_go_by_slabs(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled, "MANY", 5)
    monkeypatch.setattr(tiled, "SLAB", 40 * 320 * 2)  # room for one tile of 32 rows
    weight = blocks.sample("Q5_0", 70, 320, 4, device).packed
    x = _x(6, 320, device)
    _, out = _out(2, 6, 70, device)
    tiled.product(x, weight, out)
    _close(out.sum(0), x.float() @ reference.dequantise(weight).T, 2e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_weights_that_are_numbers(dtype: torch.dtype, device: torch.device) -> None:
    weight = Dense(torch.randn(9, 50, device=device).to(dtype))
    x = _x(4, 50, device)
    _, out = _out(2, 4, 9, device)
    tiled.product(x, weight, out)
    _close(out.sum(0), x.float() @ weight.values.float().T, 2e-3)


def test_without_kernels_the_reference_answers() -> None:
    weight = blocks.sample("Q4_K", 33, 256, 5).packed
    x, (_, out) = torch.randn(3, 256), _out(2, 3, 33, torch.device("cpu"))
    tiled.product(x, weight, out)
    want = x @ reference.dequantise(weight).T
    assert torch.equal(out.sum(0), want)
    assert torch.equal(tiled.dequantise(weight, torch.float16), reference.dequantise(weight).half())
