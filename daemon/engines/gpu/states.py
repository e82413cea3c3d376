"""Saved sequences: their cells token by token, and nothing else of the blocks that hold them."""

import struct
import zlib
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sticli.daemon.engines.base import Damaged, State
from sticli.daemon.engines.gpu.ferry import Bytes, Ferry
from sticli.daemon.engines.gpu.sequence import Slots
from sticli.kernels.operands import CELLS, Pool

_HEADER = struct.Struct("<8sIIQQ")  # magic, kind of cells, checksum, tokens, payload bytes
_MAGIC = b"sticliG1"
_PIECE = 32 << 20  # bytes of cells that move at once

_Item = TypeVar("_Item", np.int64, np.uint8)


class States:
    """Takes cells of one pool out of it and puts them back, for one model."""

    def __init__(self, pool: Pool, model: str) -> None:
        self._parts = pool.parts
        self._widths = [part[0].nbytes // CELLS for part in self._parts]
        self._ferry = Ferry(pool.cells.device)
        shapes = [f"{part.dtype} {tuple(part.shape[1:])}" for part in self._parts]
        self._kind = zlib.crc32(" ".join([model, *shapes]).encode())

    @property
    def cell_bytes(self) -> int:
        """Memory of one cell, over all layers."""
        return sum(self._widths)

    def pack(self, slots: Slots) -> bytearray:
        """The state of a sequence whose tokens lie in these cells."""
        data = bytearray(_HEADER.size + len(slots) * self.cell_bytes)
        payload = np.frombuffer(data, np.uint8, offset=_HEADER.size)
        for part, share in self._shares(payload):
            size = max(1, _PIECE // share.shape[1])
            cells = (_gather(part, at) for at in _pieces(slots, size))
            landed = self._ferry.down(cells, size * share.shape[1])
            for target, found in zip(_pieces(share, size), landed, strict=True):
                target[:] = found.reshape(target.shape)
        checksum = zlib.crc32(payload.data)
        _HEADER.pack_into(data, 0, _MAGIC, self._kind, checksum, len(slots), len(payload))
        return data

    def unpack(self, data: State, tokens: int) -> Bytes:
        """The cells in a saved state.

        Raises:
            Damaged: it is of another model, or not whole, or holds other tokens.
        """
        if len(data) < _HEADER.size:
            raise Damaged(f"a saved state of {len(data)} bytes")
        magic, kind, checksum, count, size = _HEADER.unpack_from(data)
        payload = np.frombuffer(data, np.uint8, offset=_HEADER.size)
        if (magic, kind) != (_MAGIC, self._kind):
            raise Damaged("saved by another engine, or for another model")
        if (count, size) != (tokens, len(payload)) or size != tokens * self.cell_bytes:
            raise Damaged(f"holds {count} tokens in {size} bytes, not {tokens} in {len(payload)}")
        if zlib.crc32(payload.data) != checksum:
            raise Damaged("the checksum does not match")
        return payload

    def fill(self, slots: Slots, payload: Bytes) -> None:
        """Write what `unpack` returned into these cells."""
        for part, share in self._shares(payload):
            size = max(1, _PIECE // share.shape[1])
            landed = self._ferry.up(_pieces(share, size), size * share.shape[1])
            for at, cells in zip(_pieces(slots, size), landed, strict=True):
                _scatter(part, at, cells)

    def _shares(self, payload: Bytes) -> Iterator[tuple[Tensor, Bytes]]:
        """Each part of the pool and its bytes, one row a token."""
        tokens, first = len(payload) // self.cell_bytes, 0
        for part, width in zip(self._parts, self._widths, strict=True):
            yield part, payload[first : first + tokens * width].reshape(tokens, width)
            first += tokens * width


def _pieces(items: NDArray[_Item], size: int) -> Iterator[NDArray[_Item]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]


def _gather(part: Tensor, slots: Slots) -> Tensor:
    """Cells one after the other, [cells, layers, 2, kv heads, …], from all over the pool."""
    at = torch.from_numpy(slots).to(part.device)
    return part[at // CELLS, :, :, :, at % CELLS]


def _scatter(part: Tensor, slots: Slots, cells: Tensor) -> None:
    at = torch.from_numpy(slots).to(part.device)
    part[at // CELLS, :, :, :, at % CELLS] = cells.view(part.dtype).view(
        len(slots), *part.shape[1:4], *part.shape[5:]
    )
