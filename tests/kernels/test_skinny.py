"""Skinny products: the kernel against the reference's numbers, for every format and width."""

import pytest
import torch
from torch import Tensor

from sticli.kernels import reference, skinny
from sticli.kernels.formats import FORMATS
from sticli.kernels.operands import Columns, Packed, shape_of_columns
from tests.kernels import blocks


def integers(tokens: int, columns: int, seed: int, device: torch.device) -> Columns:
    """Random activations as integers; what no token uses is poisoned."""
    x = torch.randn(tokens, columns, generator=torch.Generator().manual_seed(seed))
    result = reference.quantise(x.to(device), *shape_of_columns(tokens))
    step = result.width // result.planes
    unused = [column for column in range(result.width) if column % step >= tokens]
    result.values[:, :, unused] = 0x7F
    result.sums[:, :, unused] = 0x7F7F
    result.scales[:, unused] = torch.nan
    return result


def poisoned(pieces: int, tokens: int, rows: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Room for a product among other rows: all of it, and the part that is to be written."""
    slab = torch.full((pieces, tokens, rows + 12), torch.nan, device=device)
    return slab, slab[:, :, 5 : 5 + rows]


def check(x: Columns, weight: Packed, tokens: int, pieces: int) -> None:
    """What the kernel writes is the product of the very integers, and it writes nowhere else."""
    slab, out = poisoned(pieces, tokens, weight.rows, weight.planes.device)
    skinny.product(x, weight, out)
    numbers = reference.restore(x, tokens)[:, : weight.columns].double()
    expected = numbers @ reference.dequantise(weight).T.double()
    error = (out.double().sum(0) - expected).abs().max() / expected.abs().max()
    assert error < 1e-6
    assert slab.isnan().sum() == pieces * tokens * 12


@pytest.mark.parametrize("name", FORMATS)
def test_it_multiplies_what_the_weights_mean(name: str, device: torch.device) -> None:
    weight = blocks.sample(name, rows=37, columns=256, seed=1, device=device).packed
    check(integers(3, 256, seed=1, device=device), weight, tokens=3, pieces=1)


@pytest.mark.parametrize("tokens", [8, 9, 17, 32])  # all widths, with two planes and with one
@pytest.mark.parametrize("name", ["Q5_0", "Q2_K", "Q6_K"])
def test_of_up_to_32_tokens(name: str, tokens: int, device: torch.device) -> None:
    weight = blocks.sample(name, rows=16, columns=256, seed=tokens, device=device).packed
    check(integers(tokens, 256, seed=2, device=device), weight, tokens, pieces=1)


@pytest.mark.parametrize("pieces", [2, 3])
def test_sums_are_split_into_pieces(pieces: int, device: torch.device) -> None:
    weight = blocks.sample("Q4_K", rows=65, columns=512, seed=3, device=device).packed
    check(integers(4, 512, seed=3, device=device), weight, 4, pieces)


def test_rows_end_within_a_block(device: torch.device) -> None:
    weight = blocks.sample("Q5_1", rows=3, columns=288, seed=4, device=device).packed
    weight.planes[:, 1, 1:4] = 0x55  # numbers that no column stands for
    check(integers(2, 288, seed=4, device=device), weight, 2, pieces=1)


FARTHEST = {"Q2_K": 15, "Q3_K": -32, "Q4_K": 63, "Q5_K": 63, "Q6_K": -128}  # whole scales


@pytest.mark.parametrize("name", FARTHEST)
def test_the_largest_sums_fit(name: str, device: torch.device) -> None:
    """The smallest and the largest number everywhere, against the largest activations."""
    weight = blocks.sample(name, rows=32, columns=256, seed=5, device=device).packed
    weight.scales.fill_(FARTHEST[name])
    x = torch.ones(2, 256, device=device)
    x[1] = -1.0
    for byte in (0x80, 0x7F):
        weight.planes.fill_(byte)
        check(reference.quantise(x, 2, 8), weight, tokens=2, pieces=1)


@pytest.mark.parametrize("tokens", [1, 9, 32])
def test_where_no_kernel_runs_the_reference_multiplies(tokens: int) -> None:
    weight = blocks.sample("Q6_K", rows=33, columns=512, seed=6).packed
    check(integers(tokens, 512, seed=5, device=torch.device("cpu")), weight, tokens, pieces=2)
