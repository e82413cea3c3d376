"""A model on a device: loaded from a GGUF file, run over a pool of cells that it lays out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from sticli.daemon.engines.base import Progress
from sticli.daemon.engines.gpu import ropes, weights
from sticli.daemon.engines.gpu.layers import Layers, Places
from sticli.kernels.operands import CELLS, Pool, Rope, Work
from sticli.models import hparams as headers
from sticli.models.header import Header
from sticli.models.hparams import HParams

KvType = Literal["f16", "bf16", "q8", "f32"]
_TYPES = {
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "f32": torch.float32,
    "q8": torch.int8,
}


@dataclass(frozen=True, slots=True)
class Model:
    """The weights on a device, and the passes through them."""

    hparams: HParams
    device: torch.device
    layers: Layers

    @property
    def windows(self) -> tuple[int, ...]:
        """How many tokens layers attend to, 0 being all: one list of work is needed for each."""
        return tuple(self.hparams.rotations)

    @property
    def positions(self) -> int:
        """The most tokens that a sequence may hold: those that have a rotation."""
        return min(len(rope.cos) for rope in self.layers.ropes.values())

    def pool(self, blocks: int, kv_type: KvType) -> Pool:
        """Cells for so many blocks of 64 tokens; what they hold first is undefined."""
        shape = self.hparams
        size = (blocks, shape.layers, 2, shape.kv_heads, CELLS)
        cells = torch.empty((*size, shape.head_size), dtype=_TYPES[kv_type], device=self.device)
        if kv_type != "q8":
            return Pool(cells)
        return Pool(cells, torch.empty(size, dtype=torch.float16, device=self.device))

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        slots: Tensor,
        works: Mapping[int, Work],
        wanted: Tensor,
        pool: Pool,
    ) -> Tensor:
        """Compute tokens into their cells; logits, f32 [wanted, vocabulary], of those wanted.

        All are i32: tokens, their positions and slots (their cells, counted through all blocks;
        -1 for padding) of shape [tokens]; `wanted` are places in the pass. `works` has one list for
        each of `windows`. Nothing here waits for the device.
        """
        return self.layers.run(tokens, Places(positions, slots, works, pool), wanted)

    def back(self, count: int) -> Mapping[int, Rope]:
        """By window, the one rotation that takes a key `count` positions back."""
        factors = self.layers.weights.factors
        return {
            window: ropes.back(rotation, factors, count, self.device)
            for window, rotation in self.hparams.rotations.items()
        }


def cell_bytes(hparams: HParams, kv_type: KvType) -> int:
    """Memory of one token's keys and values in all layers."""
    head = hparams.head_size * _TYPES[kv_type].itemsize + (2 if kv_type == "q8" else 0)
    return int(2 * hparams.layers * hparams.kv_heads * head)


def load(
    path: Path,
    header: Header,
    device: torch.device,
    progress: Progress,
    *,
    packed: bool | None = None,
) -> Model:
    """The model in a file whose header was checked.

    On a CPU weights become plain numbers, which the reference computes with, unless `packed`.

    Raises:
        SticliError: this engine does not run it: why, and what does.
    """
    shape = headers.read(header, path)
    on_gpu = device.type == "cuda"
    dtype = weights.half(header, shape.architecture) if on_gpu else torch.float32
    packed = on_gpu if packed is None else packed
    loaded = weights.load(path, header, shape, device, dtype, progress, packed=packed)
    tables = {
        window: ropes.rope(rotation, loaded.factors, shape.context, device)
        for window, rotation in shape.rotations.items()
    }
    return Model(shape, device, Layers(shape, loaded, tables, dtype))
