"""Products with several weights at once: each by its kernel, all in one slab."""

import pytest
import torch

from sticli.kernels import linear as products
from sticli.kernels import reference
from sticli.kernels.linear import linear
from sticli.kernels.operands import Activations, Dense, Weight, shape_of_columns
from tests.kernels import blocks


def activations(tokens: int, columns: int, device: torch.device) -> Activations:
    """Random halves, and where they are few also as integers."""
    source = torch.Generator().manual_seed(tokens)
    x = torch.randn(tokens, columns, generator=source).half().to(device)
    few = tokens <= 32
    return Activations(x, reference.quantise(x, *shape_of_columns(tokens)) if few else None)


def parts(columns: int, device: torch.device) -> tuple[Weight, ...]:
    """Weights of three kinds: with a file's bits, half, and f32."""
    source = torch.Generator().manual_seed(7)
    numbers = torch.randn(50, columns, generator=source).to(device)
    return (
        blocks.sample("Q8_0", 7, columns, seed=8, device=device).packed,
        Dense(numbers[:20].half()),
        Dense(numbers[20:]),
        blocks.sample("Q4_K", 33, columns, seed=9, device=device).packed,
    )


@pytest.mark.parametrize(("tokens", "tolerance"), [(1, 1e-4), (16, 1e-4), (17, 2e-2), (33, 2e-3)])
def test_it_is_the_product_with_all_parts(
    tokens: int, tolerance: float, device: torch.device
) -> None:
    x, weights = activations(tokens, 256, device), parts(256, device)
    found = linear(x, weights)
    assert found.shape[1:] == (tokens, 90)
    found, expected = found.sum(0), reference.linear(x, weights)[0]
    first = 0
    for part in weights:  # each by its own measure: their sizes differ
        at = slice(first, first + part.rows)
        error = (found[:, at] - expected[:, at]).abs().max() / expected[:, at].abs().max()
        assert error < tolerance
        first += part.rows


def test_without_integers_packed_weights_become_numbers(device: torch.device) -> None:
    x = Activations(activations(2, 256, device).values)
    weights = (blocks.sample("Q6_K", 5, 256, seed=1, device=device).packed,)
    expected = reference.linear(x, weights)
    assert (linear(x, weights).sum(0) - expected).abs().max() < 2e-3 * expected.abs().max()


def test_on_a_cpu_it_is_the_reference() -> None:
    cpu = torch.device("cpu")
    x, weights = activations(3, 256, cpu), parts(256, cpu)
    assert torch.equal(linear(x, weights), reference.linear(x, weights))


@pytest.mark.parametrize(
    ("tokens", "rows", "columns", "expected"),
    [
        (1, 6144, 4096, 8),  # 192 tiles would leave most of a GPU waiting
        (1, 128256, 4096, 1),  # enough tiles for any
        (1, 14336, 4096, 4),
        (16, 4096, 4096, 4),  # a slab of 16 tokens is worth more bytes
        (1, 1024, 512, 2),  # no more pieces than blocks of 256 columns
        (4096, 4096, 4096, 1),
    ],
)
def test_a_big_gpu_is_kept_busy(
    tokens: int, rows: int, columns: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "processors", lambda device: 132)
    x = Activations(torch.empty(tokens, columns, device="meta"))
    weight = Dense(torch.empty(rows, columns, device="meta", dtype=torch.float16))
    assert products.pieces(x, (weight,)) == expected


def test_torch_sums_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "processors", lambda device: 132)
    for tokens, dtype in ((1, torch.float32), (33, torch.float16)):
        x = Activations(torch.empty(tokens, 4096, device="meta"))
        weight = Dense(torch.empty(4096, 4096, device="meta", dtype=dtype))
        assert products.pieces(x, (weight,)) == 1
