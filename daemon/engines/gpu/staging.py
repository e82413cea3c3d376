"""The way of arrays to the device: one copy a pass, through page-locked memory on a GPU."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def aligned(size: int) -> int:
    """What so many i32 take: kernels are compiled for addresses that are multiples of 16 bytes."""
    return -(-size // 64) * 64


class Staging:
    """A buffer that every pass uses anew: passes end with a read, so it is free by then."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._host = self._buffer(1 << 12)

    def _buffer(self, size: int) -> Tensor:
        return torch.empty(size, dtype=torch.int32, pin_memory=self._device.type == "cuda")

    def send(self, arrays: Sequence[NDArray[np.int32]]) -> list[Tensor]:
        """The arrays as tensors on the device."""
        sizes = [aligned(array.size) for array in arrays]
        ends = np.cumsum(sizes).tolist()
        if ends[-1] > len(self._host):
            self._host = self._buffer(2 * ends[-1])
        host = self._host.numpy()
        for array, end, size in zip(arrays, ends, sizes, strict=True):
            host[end - size : end - size + array.size] = array.reshape(-1)
        there = torch.empty(ends[-1], dtype=torch.int32, device=self._device)
        there.copy_(self._host[: ends[-1]], non_blocking=True)
        return [
            there[end - size : end - size + array.size].view(array.shape)
            for array, end, size in zip(arrays, ends, sizes, strict=True)
        ]
