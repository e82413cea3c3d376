"""Passes over a model without an engine: sequences whose blocks a test lays out by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sticli.daemon.engines.gpu import model as models
from sticli.daemon.engines.gpu import work
from sticli.daemon.engines.gpu.model import Model
from sticli.daemon.engines.gpu.sharing import Span
from sticli.kernels.operands import CELLS, Work
from sticli.models.header import read_header

Floats = NDArray[np.float32]
Table = list[tuple[int, int, int]]  # block, position of its first cell, cells that count
CPU = torch.device("cpu")


def load(path: Path, device: torch.device = CPU, *, packed: bool | None = None) -> Model:
    """A model of a file."""
    header = read_header(path)
    return models.load(path, header, device, lambda done, total: None, packed=packed)


@dataclass(frozen=True)
class Part:
    """Tokens of one sequence, the last of what its table holds."""

    tokens: Sequence[int]
    table: Table

    @property
    def start(self) -> int:
        return self.table[-1][1] + self.table[-1][2] - len(self.tokens)

    def slots(self) -> list[int]:
        found = {
            first + cell: block * CELLS + cell
            for block, first, count in self.table
            for cell in range(count)
        }
        return [found[self.start + place] for place in range(len(self.tokens))]


def table(blocks: Sequence[int], length: int) -> Table:
    """So many tokens in blocks, all but the last one full."""
    firsts = range(0, length, CELLS)
    return [
        (block, first, min(CELLS, length - first))
        for block, first in zip(blocks, firsts, strict=False)
    ]


class Passes:
    """A model and a pool of blocks, poisoned where nothing was written."""

    def __init__(self, model: Model, blocks: int, kv_type: models.KvType = "f32") -> None:
        self.model = model
        self.pool = model.pool(blocks, kv_type)
        self.pool.cells.fill_(float("nan") if kv_type != "q8" else 99)

    def run(self, parts: Sequence[Part]) -> list[Floats]:
        """All tokens' logits, by part."""
        count = sum(len(part.tokens) for part in parts)
        logits = self.wanted(parts, range(count))
        return np.split(logits, np.cumsum([len(part.tokens) for part in parts])[:-1])

    def wanted(self, parts: Sequence[Part], places: Sequence[int]) -> Floats:
        """The logits of tokens at some places of the pass."""
        positions = [part.start + place for part in parts for place in range(len(part.tokens))]
        logits = self.model.forward(
            self._ints([token for part in parts for token in part.tokens]),
            self._ints(positions),
            self._ints([slot for part in parts for slot in part.slots()]),
            {window: self._work(parts, window) for window in self.model.windows},
            self._ints(places),
            self.pool,
        )
        found: Floats = logits.cpu().numpy()
        return found

    def _work(self, parts: Sequence[Part], window: int) -> Work:
        shape, spans, first = self.model.hparams, [], 0
        for part in parts:
            entries = np.array(part.table, np.int32)
            spans.append(Span(first, len(part.tokens), part.start, entries))
            first += len(part.tokens)
        lists = work.build(spans, window, work.Heads(shape.heads, shape.kv_heads), 1)
        positions = np.concatenate([span.places for span in spans])
        arrays = {item.name: self._ints(getattr(lists, item.name)) for item in fields(lists)}
        return Work(self._ints(positions), **arrays)

    def _ints(self, values: Sequence[int] | NDArray[np.integer]) -> Tensor:
        return torch.tensor(np.array(values, np.int32), device=self.model.device)
