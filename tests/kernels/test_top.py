"""The largest logits: exactly the reference's, in its order of equals and of NaN."""

import pytest
import torch
from torch import Tensor

from sticli.kernels import reference
from sticli.kernels import top as kernels
from sticli.kernels.top import top

pytestmark = pytest.mark.usefixtures("poisoned")


@pytest.fixture(autouse=True)
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "SPAN", 64)


def same(logits: Tensor, count: int, allowed: Tensor | None = None) -> None:
    values, numbers = top(logits, count, allowed)
    right = reference.top(logits, count, allowed)
    torch.testing.assert_close(values, right[0], rtol=0, atol=0, equal_nan=True)
    assert numbers.tolist() == right[1].tolist()


@pytest.mark.parametrize(("rows", "vocabulary", "count"), [(1, 64, 1), (3, 333, 2), (2, 70, 16)])
def test_kernel_agrees_with_reference(
    rows: int, vocabulary: int, count: int, device: torch.device
) -> None:
    same(torch.randn(rows, vocabulary, device=device), count)


def test_of_equals_the_lower_number_comes_first(device: torch.device) -> None:
    logits = torch.randint(-2, 3, (2, 200), device=device).float()
    logits[logits == 0] *= torch.where(torch.rand(200, device=device) < 0.5, 1.0, -1.0).expand(
        2, 200
    )[logits == 0]
    same(logits, 16)
    same(-logits.abs(), 16)  # zeros of both signs are the largest


def test_order_of_what_is_not_finite(device: torch.device) -> None:
    logits = torch.full((1, 130), -torch.inf, device=device)
    logits[0, [70, 9, 100]] = torch.tensor([torch.inf, torch.nan, -torch.nan], device=device)
    logits[0, 3] = -3e38
    same(logits, 8)


def test_only_allowed_tokens_count(device: torch.device) -> None:
    logits = torch.randn(3, 133, device=device)
    allowed = torch.randint(0, 256, (3, 17), dtype=torch.uint8, device=device)
    allowed[1] = 0
    allowed[2, :] = 0
    allowed[2, 16] = 0b10000  # the last token
    same(logits, 4, allowed)
    same(logits, 4, allowed[:1])  # for all rows


def test_forbidden_nan_does_not_count(device: torch.device) -> None:
    logits = torch.zeros(1, 10, device=device)
    logits[0, 2] = torch.nan
    same(logits, 3, torch.tensor([[0b11111011, 3]], dtype=torch.uint8, device=device))


def test_more_than_there_are(device: torch.device) -> None:
    same(torch.randn(2, 5, device=device), 7)


def test_large_counts_are_sorted_by_the_reference(device: torch.device) -> None:
    same(torch.randn(1, 100, device=device), 40)
