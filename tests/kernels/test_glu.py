"""The gate of a feed-forward layer: the kernel against the reference."""

import pytest
import torch

from sticli.kernels import reference
from sticli.kernels.glu import glu
from tests.kernels.test_columns import agree
from tests.kernels.test_norm import close

pytestmark = pytest.mark.usefixtures("poisoned")


@pytest.mark.parametrize(
    ("tokens", "width", "pieces", "kind", "columns"),
    [
        (1, 520, 3, "silu", True),
        (2, 256, 1, "gelu", True),
        (2, 1100, 1, "gelu", False),
        (33, 40, 2, "silu", True),
    ],
)
def test_kernel_agrees_with_reference(
    tokens: int, width: int, pieces: int, kind: str, columns: bool, device: torch.device
) -> None:
    parts = torch.randn(pieces, tokens, 2 * width, device=device) * 3
    made = glu(parts, kind, columns=columns, dtype=torch.float32)
    close(made.values, reference.glu(parts, kind).values)
    assert (made.columns is not None) == (columns and tokens <= 32)
    if made.columns is not None:
        agree(made.columns, made.values)


@pytest.mark.parametrize("kind", ["silu", "gelu"])
def test_far_gates_are_shut_or_open(kind: str, device: torch.device) -> None:
    gate = torch.tensor([-1e4, -200.0, -90.0, 90.0, 200.0, 1e4], device=device)
    parts = torch.cat((gate, torch.ones_like(gate)))[None, None]
    made = glu(parts, kind, columns=False, dtype=torch.float32)
    torch.testing.assert_close(made.values, gate.clamp(min=0)[None], atol=1e-30, rtol=1e-6)


@pytest.mark.parametrize(("half", "off"), [(torch.float16, 1e-3), (torch.bfloat16, 1e-2)])
def test_result_is_half(half: torch.dtype, off: float, device: torch.device) -> None:
    parts = torch.randn(1, 2, 80, device=device)
    made = glu(parts, "silu", columns=False, dtype=half)
    assert made.values.dtype == half
    close(made.values, reference.glu(parts, "silu").values, off)


def test_what_f16_cannot_hold_stays_finite_there(device: torch.device) -> None:
    parts = torch.tensor([[[3e4, 3e4, torch.nan, 3e4, -3e4, 1.0]]], device=device)
    made = glu(parts, "silu", columns=False, dtype=torch.float16)
    assert made.values[0, :2].tolist() == [65504, -65504]
    assert made.values[0, 2].isnan()
    made = glu(parts[..., [0, 1, 3, 4]], "silu", columns=True, dtype=torch.float16)
    assert made.columns is not None  # which have a scale
    torch.testing.assert_close(
        reference.restore(made.columns, 1)[0, :2].cpu(), torch.tensor([9e8, -9e8])
    )


def test_pass_without_kernels_is_the_reference() -> None:
    parts = torch.randn(2, 3, 80)
    made = glu(parts, "gelu", columns=True, dtype=torch.float16)
    assert torch.equal(made.values, reference.glu(parts, "gelu").values)
