"""Carries much between host and device, through two page-locked buffers that take turns."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Bytes = NDArray[np.uint8]


class Ferry:
    """While the host works on one piece the next one is on its way."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._gpu = device.type == "cuda"

    def _hulls(self, size: int) -> list[Tensor]:
        return [torch.empty(size, dtype=torch.uint8, pin_memory=self._gpu) for _ in range(2)]

    def _left(self) -> torch.cuda.Event | None:
        """Something to wait for until what was begun so far is done."""
        if not self._gpu:
            return None
        event = torch.cuda.Event()
        event.record()
        return event

    def down(self, tensors: Iterable[Tensor], size: int) -> Iterator[Bytes]:
        """The bytes of tensors on the device, of at most `size` bytes each; good for one turn."""
        hulls, ahead = self._hulls(size), None
        for turn, tensor in enumerate(tensors):
            here = hulls[turn % 2][: tensor.nbytes]
            here.copy_(tensor.reshape(-1).view(torch.uint8), non_blocking=True)
            if ahead is not None:
                yield _landed(*ahead)
            ahead = self._left(), here
        if ahead is not None:
            yield _landed(*ahead)

    def up(self, pieces: Iterable[Bytes], size: int) -> Iterator[Tensor]:
        """Bytes as tensors on the device, in pieces of at most `size`; good for one turn."""
        hulls = self._hulls(size)
        left: list[torch.cuda.Event | None] = [None, None]
        for turn, piece in enumerate(pieces):
            here = hulls[turn % 2][: piece.size]
            _landed(left[turn % 2], here)[:] = piece.reshape(-1)
            yield here.to(self._device, non_blocking=True)
            left[turn % 2] = self._left()


def _landed(event: torch.cuda.Event | None, here: Tensor) -> Bytes:
    if event is not None:
        event.synchronize()
    landed: Bytes = here.numpy()
    return landed
