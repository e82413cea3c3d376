"""Kernels at the sizes of real models, where only a GPU is quick enough; every run draws anew."""

import os
import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sticli.bench.gpu import matrices
from sticli.daemon.engines.gpu import work
from sticli.daemon.engines.gpu.work import Heads
from sticli.kernels import reference
from sticli.kernels.attention import attend
from sticli.kernels.columns import quantise
from sticli.kernels.formats import FORMATS
from sticli.kernels.linear import linear
from sticli.kernels.operands import SKINNY, Activations, shape_of_columns
from sticli.kernels.top import top
from tests.kernels import scenes

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU"),
]
WIDTH, ROWS, VOCABULARY = 4096, 6200, 128_300  # rows that fill neither tiles nor programs
CONTEXT, CROWD = 32_768, 32
HEADS = Heads(32, 8)


@pytest.fixture
def seed() -> int:
    """Another one each time, unless SEED says which."""
    chosen = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 31)))
    print(f"SEED={chosen}")
    torch.manual_seed(chosen)
    return chosen


def twice(call: Callable[[], Tensor]) -> Tensor:
    """What a call gives, which must be the same bits when it is repeated."""
    first, second = call(), call()
    assert torch.equal(first, second), "a race"
    return first


def assert_close(found: Tensor, expected: Tensor, tolerance: float) -> None:
    error = (found.double() - expected.double()).norm() / expected.double().norm()
    assert error < tolerance, error


@pytest.mark.parametrize("tokens", [1, 4, 8, 16, 32, 33, 100, 513, 2048])
@pytest.mark.parametrize("kind", [*FORMATS, "F16", "BF16"])
def test_products(kind: str, tokens: int, seed: int, device: torch.device) -> None:
    parts = tuple(matrices.weight(kind, rows, WIDTH, device) for rows in (ROWS, 1024))
    dtype = torch.bfloat16 if kind == "BF16" else torch.float16
    values = torch.randn(tokens, WIDTH, device=device).to(dtype)
    columns = quantise(values, *shape_of_columns(tokens)) if tokens <= SKINNY else None
    found = twice(lambda: linear(Activations(values, columns), parts).sum(0))
    integers = columns is not None and kind in FORMATS
    given = reference.restore(columns, tokens) if integers and columns else values.float()
    expected = torch.cat([given @ reference.dequantise(part).T for part in parts], 1)
    assert_close(found, expected, 1e-5 if integers else 1e-2 if kind == "BF16" else 2e-3)


@pytest.mark.parametrize("size", [64, 80, 128, 256])
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(0, CONTEXT, 1)], id="one"),
        pytest.param([(0, 4000 + 61 * row, 1) for row in range(16)], id="crowd"),
        pytest.param([(0, CONTEXT, 1)] + [(CONTEXT - 1, CONTEXT + 20, 20)] * CROWD, id="forks"),
        pytest.param([(0, 8700, 512), (0, 300, 1)], id="chunk"),
    ],
)
def test_attention(
    rows: list[tuple[int, int, int]], size: int, seed: int, device: torch.device
) -> None:
    scene = scenes.scene(rows, HEADS, size, torch.float16, device=device, seed=seed)
    sms = torch.cuda.get_device_properties(device).multi_processor_count
    lists = scenes.work_of(work.build(scene.rows, 0, HEADS, sms), scene.rows, device)
    given = (scene.pool, 1, lists, size**-0.5, 0.0, 0)
    found = twice(lambda: attend(scene.queries, *given, columns=False, dtype=torch.float16).values)
    assert_close(found, reference.attend(scene.queries, *given).values, 2e-3)


@pytest.mark.parametrize("rows", [1, 7, 32])
def test_top(rows: int, seed: int, device: torch.device) -> None:
    logits = torch.randn(rows, VOCABULARY, device=device).mul_(8).round_().div_(8)  # many equals
    for found, expected in zip(top(logits, 4), reference.top(logits, 4), strict=True):
        assert torch.equal(found, expected)
