"""The memory of a recorded pass: it reads its numbers from where they always lie."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from sticli.daemon.engines.gpu import work
from sticli.daemon.engines.gpu.batch import Batch, Inputs
from sticli.daemon.engines.gpu.staging import aligned
from sticli.daemon.engines.gpu.work import Heads
from sticli.kernels.operands import Work

Shape = tuple[int, ...]


class Sheet:
    """Room on the device, and page-locked on the host, for a pass of `tokens` tokens.

    `wanted` of them want logits; the tables of each of `windows` have at most `entries` entries.
    What stands beyond the numbers of a pass is left from others, and nobody reads it.
    """

    def __init__(
        self,
        tokens: int,
        wanted: int,
        windows: Sequence[int],
        heads: Heads,
        sms: int,
        entries: int,
        device: torch.device,
    ) -> None:
        self.tokens, self.wanted, self.entries = tokens, wanted, entries
        self._windows = windows
        most, tile = work.sizes(tokens, heads, sms), work.tile_size(tokens, heads)
        lists = [(most.tiles, tile), (most.items, 3), (tokens + 1,), (most.merges, 2), (1,)]
        shapes: list[Shape] = [*[(tokens,)] * 3, (wanted,), *lists * len(windows)]
        self._fixed = len(shapes)  # arrays that are copied together; tables are long, mostly empty
        shapes += [(entries, 3)] * len(windows)
        self._begins = [0]
        for shape in shapes:
            self._begins.append(self._begins[-1] + aligned(math.prod(shape)))
        self._host = torch.zeros(
            self._begins[-1], dtype=torch.int32, pin_memory=device.type == "cuda"
        )
        self._device = self._host.to(device)
        self.inputs = self._inputs(shapes)
        self.inputs.slots.fill_(-1)  # until it is filled nothing has a cell

    def _inputs(self, shapes: Sequence[Shape]) -> Inputs:
        views = [
            self._device[begin : begin + math.prod(shape)].view(shape)
            for begin, shape in zip(self._begins, shapes, strict=False)
        ]
        works = {
            window: _work(views, 4 + 5 * index, self._fixed + index)
            for index, window in enumerate(self._windows)
        }
        return Inputs(views[0], views[1], views[2], views[3], works)

    def holds(self, batch: Batch) -> bool:
        """Whether the tables of a batch fit."""
        return all(len(item.table) <= self.entries for item in batch.works.values())

    def fill(self, batch: Batch) -> None:
        """Put a batch of just so many tokens there; fewer may want logits.

        The pass before must be over: its copies may still be under way.
        """
        lists = [batch.works[window] for window in self._windows]
        arrays = [batch.tokens, batch.positions, batch.slots, batch.wanted]
        for item in lists:
            arrays += [item.tiles, item.items, item.starts, item.merges, item.counts]
        tables = [item.table for item in lists]
        host = self._host.numpy()
        for begin, array in zip(self._begins, [*arrays, *tables], strict=False):
            host[begin : begin + array.size] = array.reshape(-1)
        wanted = self._begins[3]
        host[wanted + len(batch.wanted) : wanted + self.wanted] = 0
        self._send(0, self._begins[self._fixed])
        for begin, table in zip(self._begins[self._fixed :], tables, strict=False):
            self._send(begin, table.size)

    def _send(self, begin: int, size: int) -> None:
        part = slice(begin, begin + size)
        self._device[part].copy_(self._host[part], non_blocking=True)


def _work(views: Sequence[Tensor], first: int, table: int) -> Work:
    tiles, items, starts, merges, counts = views[first : first + 5]
    return Work(views[1], tiles, items, views[table], starts, merges, counts)
