"""Residual and norm: the kernel against the reference, in shapes no power of two fits."""

import pytest
import torch

from sticli.kernels import reference
from sticli.kernels.norm import rms_norm
from tests.kernels.test_columns import agree

pytestmark = pytest.mark.usefixtures("poisoned")


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float = 1e-5) -> None:
    assert a.shape == b.shape
    assert (a.float() - b).abs().max() <= tolerance * b.abs().max()


@pytest.mark.parametrize(
    ("tokens", "width", "pieces", "after", "columns"),
    [
        (1, 896, 3, False, True),
        (2, 1300, 1, True, True),
        (3, 64, 0, False, True),
        (5, 300, 8, True, False),
        (33, 40, 1, False, True),
    ],
)
def test_kernel_agrees_with_reference(
    tokens: int, width: int, pieces: int, after: bool, columns: bool, device: torch.device
) -> None:
    residual = torch.randn(tokens, width, device=device)
    update = torch.randn(pieces, tokens, width, device=device) if pieces else None
    weight, second = torch.rand(2, width, device=device) + 0.5
    kept = residual.clone()
    right = reference.rms_norm(kept, update, weight, 1e-5, second if after else None)
    made = rms_norm(
        residual,
        update,
        weight,
        1e-5,
        second if after else None,
        columns=columns,
        dtype=torch.float32,
    )
    close(residual, kept)
    close(made.values, right.values)
    assert (made.columns is not None) == (columns and tokens <= 32)
    if made.columns is not None:
        agree(made.columns, made.values)


@pytest.mark.parametrize(("half", "off"), [(torch.float16, 1e-3), (torch.bfloat16, 1e-2)])
def test_result_is_half(half: torch.dtype, off: float, device: torch.device) -> None:
    residual, weight = torch.randn(2, 64, device=device), torch.ones(64, device=device)
    right = reference.rms_norm(residual.clone(), None, weight, 1e-6)
    made = rms_norm(residual, None, weight, 1e-6, columns=False, dtype=half)
    assert made.values.dtype == half
    close(made.values, right.values, off)


def test_row_of_zeros_with_no_epsilon_harms_no_unused_column(device: torch.device) -> None:
    residual, weight = torch.randn(1, 256, device=device), torch.ones(256, device=device)
    made = rms_norm(residual, None, weight, 1e-6, columns=True, dtype=torch.float32)
    assert made.columns is not None
    unused = [1, 2, 3, 5, 6, 7]
    assert not made.columns.values[:, :, unused].any()
    assert not made.columns.scales[:, unused].any()
    assert not made.columns.sums[:, :, unused].any()


def test_pass_without_kernels_is_the_reference() -> None:
    residual, weight = torch.randn(2, 64), torch.ones(64)
    made = rms_norm(residual, None, weight, 1e-6, columns=True, dtype=torch.float16)
    assert torch.equal(made.values, reference.rms_norm(residual, None, weight, 1e-6).values)
