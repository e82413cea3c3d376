"""Where the kernels of a test run: compiled on a GPU, or in Triton's interpreter without one."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from sticli.kernels import device as where


@pytest.fixture(params=["interpreted", pytest.param("compiled", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """Launchers called in the test run their kernels on tensors of this device."""
    if request.param == "compiled":
        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA GPU")
        yield torch.device("cuda")
        return
    if torch.cuda.is_available():
        pytest.skip("Triton interprets or compiles, not both in one process; here it compiles")
    with where.interpreting():
        yield torch.device("cpu")


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What launchers make room for is full of NaN, or of large integers, until it is stored to."""
    empty = torch.empty

    def poison(*shape: Any, **kinds: Any) -> torch.Tensor:
        tensor = empty(*shape, **kinds)
        return tensor.fill_(torch.nan if tensor.is_floating_point() else 0x7F)

    monkeypatch.setattr(torch, "empty", poison)
