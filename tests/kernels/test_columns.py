"""Activations as integers: the kernel against the reference, and what no column may hold."""

import numpy as np
import pytest
import torch
from torch import Tensor

from sticli.kernels import columns, reference
from sticli.kernels.operands import Columns, shape_of_columns

pytestmark = pytest.mark.usefixtures("poisoned")


def agree(made: Columns, x: Tensor) -> None:
    """Check integers of x, f32 [tokens, columns], against the reference's, bit by bit."""
    right = reference.quantise(x, made.planes, made.width)
    half = made.width // made.planes
    torch.testing.assert_close(made.scales, right.scales, rtol=1e-4, atol=1e-30)
    # A number half way between two may fall to either side: then the rest says so.
    apart = (made.values.int() - right.values.int()).abs()[:, :, :half]
    assert apart.max() <= 1
    assert apart.count_nonzero() <= apart.numel() / 1000
    torch.testing.assert_close(made.sums, sums(made))
    blocks = torch.nn.functional.pad(x, (0, -x.shape[1] % 256)).unflatten(1, (-1, 256))
    step = blocks.abs().amax(2, keepdim=True).clamp(min=1e-25) / (
        127 if made.planes == 1 else 127 * 254
    )
    off = reference.restore(made, len(x)).unflatten(1, (-1, 256)) - blocks
    assert (off.abs() / step).max() <= 0.501 * (1 if made.planes == 1 else 1.01)


def sums(made: Columns) -> Tensor:
    """What the sums of integers must be: i32 [blocks, 16, width]."""
    rows = made.values.transpose(1, 2).flatten(2).int()
    return rows.unflatten(2, (16, 16)).sum(3, dtype=torch.int32).transpose(1, 2).contiguous()


@pytest.mark.parametrize(("tokens", "width"), [(1, 256), (3, 330), (6, 40), (11, 40), (17, 40)])
def test_kernel_agrees_with_reference(tokens: int, width: int, device: torch.device) -> None:
    x = (
        torch.randn(tokens, width, device=device)
        * 10.0 ** torch.arange(tokens, device=device)[:, None]
    )
    x[0, :40] = 0.0
    agree(columns.quantise(x, *shape_of_columns(tokens)), x)


def test_zeros_and_tiny_numbers_are_zero(device: torch.device) -> None:
    x = torch.zeros(2, 256, device=device)
    x[1] = 1e-33
    made = columns.quantise(x, 2, 8)
    assert not made.values.any()
    assert reference.restore(made, 2).abs().max() == 0


def test_unused_columns_are_zero(device: torch.device) -> None:
    made = columns.quantise(torch.randn(3, 300, device=device), 2, 8)
    unused = [3, 7]
    assert not made.values[:, :, unused].any()
    assert not made.scales[:, unused].any()
    assert not made.sums[:, :, unused].any()


def test_padding_of_the_last_block_is_zero(device: torch.device) -> None:
    made = columns.quantise(torch.randn(1, 270, device=device), 2, 8)
    assert not reference.restore(made, 1)[:, 270:].any()


def test_nan_reaches_the_scale(device: torch.device) -> None:
    x = torch.randn(1, 256, device=device)
    x[0, 5] = -torch.nan
    with np.errstate(invalid="ignore"):
        made = columns.quantise(x, 2, 8)
    assert made.scales[0, 0].isnan()


def test_half_is_rounded_to_even(device: torch.device) -> None:
    x = torch.zeros(1, 256, device=device)
    x[0, :5] = torch.tensor([127.0, 0.5, 1.5, 2.5, -3.5])
    made = columns.quantise(x, 1, 32)
    assert made.values[0, 0, 0, :5].tolist() == [127, 0, 2, 2, -4]


def test_pass_without_kernels_is_the_reference() -> None:
    x = torch.randn(2, 256)
    made, right = columns.quantise(x, 2, 8), reference.quantise(x, 2, 8)
    assert torch.equal(made.values, right.values)
    assert torch.equal(made.scales, right.scales)
