"""Moves cells to other positions: keys are turned back, values stay as they are."""

import torch

from sticli.daemon.engines.gpu.sequence import Slots
from sticli.kernels.operands import CELLS, Pool, Rope
from sticli.kernels.rope import rope_write

_PIECE = 4096  # tokens of one layer moved at once: some 30 MB


def move(pool: Pool, before: Slots, after: Slots, back: Rope) -> None:
    """Turn the keys of some cells by `back`, and write them and their values to others.

    Cells stay where they are or go where none of the others is. Keys are rounded anew each time.
    """
    device = pool.cells.device
    for first in range(0, len(before), _PIECE):
        source, target = (
            torch.from_numpy(slots[first : first + _PIECE]).to(device) for slots in (before, after)
        )
        positions = torch.zeros(len(source), dtype=torch.int32, device=device)
        block, place = source // CELLS, source % CELLS
        for layer in range(pool.cells.shape[1]):
            cells = pool.cells[block, layer, :, :, place].float()  # [cells, 2, kv heads, size]
            if pool.scales is not None:
                cells *= pool.scales[block, layer, :, :, place].float()[..., None]
            rope_write(
                cells.flatten(1).contiguous()[None],  # keys and values of no queries
                None,
                None,
                0.0,
                back,
                positions,
                target.int(),
                pool,
                layer,
                dtype=cells.dtype,
            )
