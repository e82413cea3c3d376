"""Few rows times plain half weights: the kernel against the reference."""

import pytest
import torch

from sticli.kernels import matvec
from sticli.kernels.operands import Dense


def check(x: torch.Tensor, weight: Dense, pieces: int) -> None:
    """All of the part that is to be written is the product; nothing beside it is touched."""
    tokens = len(x)
    slab = torch.full((pieces, tokens, weight.rows + 9), torch.nan, device=x.device)
    matvec.product(x, weight, slab[:, :, 4 : 4 + weight.rows])
    out = slab[:, :, 4 : 4 + weight.rows].sum(0)
    expected = x.float() @ weight.values.float().T
    assert (out - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert slab.isnan().sum() == pieces * tokens * 9


def some(rows: int, columns: int, device: torch.device, seed: int) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=source).half().to(device)


@pytest.mark.parametrize(
    ("tokens", "rows", "columns", "pieces"),
    [(1, 33, 200, 1), (8, 5, 300, 2), (9, 32, 128, 3), (32, 40, 136, 1)],
)
def test_of_few_rows(
    tokens: int, rows: int, columns: int, pieces: int, device: torch.device
) -> None:
    weight = Dense(some(rows, columns, device, seed=1))
    check(some(tokens, columns, device, seed=2), weight, pieces)


def test_halves_of_two_kinds_lose_nothing(device: torch.device) -> None:
    weight = Dense(some(8, 64, device, seed=3).bfloat16())
    check(some(2, 64, device, seed=4), weight, pieces=1)


def test_where_no_kernel_runs_torch_multiplies() -> None:
    cpu = torch.device("cpu")
    check(some(3, 70, cpu, seed=5), Dense(some(20, 70, cpu, seed=6)), pieces=2)
