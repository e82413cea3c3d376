"""Where an operation runs: as kernels on a CUDA GPU, else in plain torch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import torch
from torch import Tensor

_FORCED: ContextVar[bool | None] = ContextVar("forced", default=None)


def launches(tensor: Tensor) -> bool:
    """Whether kernels compute what lies beside `tensor`; else the reference does."""
    forced = _FORCED.get()
    return bool(tensor.is_cuda) if forced is None else forced


@contextmanager
def interpreting() -> Iterator[None]:
    """Run the kernels on CPU tensors too, in Triton's interpreter, as tests do.

    Raises:
        RuntimeError: Triton was not told, by TRITON_INTERPRET=1 before any kernel was imported.
    """
    if os.environ.get("TRITON_INTERPRET") != "1":
        raise RuntimeError("TRITON_INTERPRET=1 must be set before kernels are imported")
    before = _FORCED.set(True)
    try:
        yield
    finally:
        _FORCED.reset(before)


@contextmanager
def referring() -> Iterator[None]:
    """Let the reference compute, wherever tensors lie."""
    before = _FORCED.set(False)
    try:
        yield
    finally:
        _FORCED.reset(before)


@cache
def processors(device: torch.device) -> int:
    """How many multiprocessors a GPU has; 1 where there is none."""
    if device.type != "cuda":
        return 1
    return int(torch.cuda.get_device_properties(device).multi_processor_count)
