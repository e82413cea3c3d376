"""Where the kernels of a test run: compiled on a GPU, or in Triton's interpreter without one."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import torch

from sticli.kernels import device as where

ON_GPU = torch.cuda.is_available()
# Triton interprets or compiles, not both in one process.
INTERPRETED = pytest.param("cpu", marks=[pytest.mark.skip("compiled here")] if ON_GPU else [])
COMPILED = pytest.param(
    "cuda", marks=[pytest.mark.gpu, *([] if ON_GPU else [pytest.mark.skip("needs a CUDA GPU")])]
)


@pytest.fixture(params=[INTERPRETED, COMPILED])
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """Launchers called in the test run their kernels on tensors of this device."""
    with nullcontext() if ON_GPU else where.interpreting():
        yield torch.device(request.param)


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What launchers make room for is full of NaN, or of large integers, until it is stored to."""
    empty = torch.empty

    def poison(*shape: Any, **kinds: Any) -> torch.Tensor:
        tensor = empty(*shape, **kinds)
        return tensor.fill_(torch.nan if tensor.is_floating_point() else 0x7F)

    monkeypatch.setattr(torch, "empty", poison)
