"""Embedding: the rows asked for, of every format, against the gguf package."""

import pytest
import torch

from sticli.kernels.embed import embed
from sticli.kernels.formats import FORMATS
from sticli.kernels.operands import Dense, Weight
from tests.kernels import blocks

pytestmark = pytest.mark.usefixtures("poisoned")

ROWS = 37  # not whole tiles
FEW = [36, 0, 31]
MANY = [36, 0, 31, 32, 0, 1, 2, 3, 5]  # more than one program takes


def check(ids: list[int], table: Weight, values: torch.Tensor, scale: float) -> None:
    found = embed(torch.tensor(ids, dtype=torch.int32, device=values.device), table, scale)
    # a GPU rounds a product less a minimum once, where gguf rounds twice
    torch.testing.assert_close(found, values[ids].float() * scale, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", FORMATS)
def test_packed_rows(name: str, device: torch.device) -> None:
    columns = 256 if FORMATS[name].supers else 96  # the old formats may end within a block
    sample = blocks.sample(name, ROWS, columns, seed=1, device=device)
    if sample.packed.scales.dtype == torch.float16:
        sample.packed.scales[-1, :, :, ROWS % 32 :] = torch.nan
    check(FEW, sample.packed, sample.values, scale=3.5)


def test_more_tokens_and_blocks_than_a_program_takes(device: torch.device) -> None:
    sample = blocks.sample("Q4_0", ROWS, 288, seed=2, device=device)
    check(MANY, sample.packed, sample.values, scale=1.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_dense_rows(dtype: torch.dtype, device: torch.device) -> None:
    values = torch.randn(ROWS, 300, device=device).to(dtype)
    check(MANY, Dense(values), values, scale=0.25)


def test_without_a_gpu_the_reference_computes() -> None:
    sample = blocks.sample("Q6_K", ROWS, 256, seed=3)
    found = embed(torch.tensor(MANY), sample.packed, 2.0)
    torch.testing.assert_close(found, sample.values[MANY] * 2, rtol=1e-6, atol=0)
