"""One pass through the model: rows to arrays, arrays to the device, and on to logits."""

import itertools
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from sticli.daemon.engines.base import Row, Seq
from sticli.daemon.engines.gpu.batch import Inputs, Placed, build, inputs
from sticli.daemon.engines.gpu.graphs import Graphs, Outcome, Record
from sticli.daemon.engines.gpu.model import Model
from sticli.daemon.engines.gpu.scores import find_allowed, find_nearest
from sticli.daemon.engines.gpu.slide import move
from sticli.daemon.engines.gpu.staging import Staging
from sticli.daemon.engines.gpu.work import Heads
from sticli.kernels.device import processors
from sticli.kernels.operands import CELLS, Pool
from sticli.kernels.tiled import MANY

CHUNK = 2048  # tokens that a pass computes well
# Passes that are not recorded: how many tokens, and how many rows that want logits. Others take the
# kernels of one of these, and hardly more memory than the first.
REHEARSED = ((CHUNK, 1), *itertools.product((MANY + 64, MANY, MANY // 2), (1, 8, 16, 32, 64)))


class Passes:
    """Passes of one model over one pool of cells; short ones are recorded where that is possible.

    Recording is for CUDA; `recorder` stands in for it.
    """

    def __init__(self, model: Model, pool: Pool, recorder: Record | None = None) -> None:
        self._model = model
        self._pool = pool
        self._heads = Heads(model.hparams.heads, model.hparams.kv_heads)
        self._sms = processors(model.device)
        self._staging = Staging(model.device)
        self._graphs: Graphs | None = None
        if model.device.type == "cuda" or recorder:
            self._graphs = self._record(recorder)

    def _record(self, recorder: Record | None) -> Graphs:
        """Record short passes and compile every other kernel, before anybody waits for one."""
        model, device = self._model, self._model.device
        graphs = Graphs(
            self._forward, model.windows, self._heads, self._sms, model.positions, device, recorder
        )
        for tokens, wanted in REHEARSED:  # last: the memory that this takes is kept for others
            rows = [_rehearsal(tokens - wanted + 1), *[_rehearsal(1)] * (wanted - 1)]
            logits, found = self._launched(rows)
            found.cpu()  # what was sent lies where the next pass is put together
        find_allowed(logits[:1], np.zeros(0, np.uint8))
        cell = np.zeros(1, np.int64)
        for turn in model.back(1).values():
            move(self._pool, cell, cell, turn)
        return graphs

    def compute(self, rows: Sequence[Placed]) -> tuple[Tensor, Tensor]:
        """Logits, f32 [wanted, vocabulary], and their nearest; nothing here waits for the device.

        Both stand until the next pass, which must not begin before this one is over.
        """
        wanted = sum(item.wanted for item in rows)
        logits, found = self._replayed(rows, wanted) or self._launched(rows)
        return logits[:wanted], found[:, :wanted]

    def _replayed(self, rows: Sequence[Placed], wanted: int) -> Outcome | None:
        """The pass by a recorded one; None where there is none of its size."""
        tokens = sum(len(item.row.tokens) for item in rows)
        size = self._graphs.fit(tokens, wanted) if self._graphs else None
        if self._graphs is None or size is None:
            return None
        batch = build(rows, self._model.windows, self._heads, self._sms, size.tokens)
        return self._graphs.run(size, batch)

    def _launched(self, rows: Sequence[Placed]) -> Outcome:
        """The pass, kernel by kernel."""
        windows = self._model.windows
        batch = build(rows, windows, self._heads, self._sms)
        return self._forward(inputs(windows, self._staging.send(batch.arrays())))

    def _forward(self, given: Inputs) -> Outcome:
        logits = self._model.forward(
            given.tokens, given.positions, given.slots, given.works, given.wanted, self._pool
        )
        return logits, find_nearest(logits)


def _rehearsal(tokens: int) -> Placed:
    """A row of a sequence that nobody holds: all its blocks are the first one of the pool."""
    firsts = np.arange(0, tokens, CELLS, dtype=np.int32)
    counts = np.minimum(tokens - firsts, CELLS)
    table = np.stack((np.zeros_like(firsts), firsts, counts), 1)
    return Placed(Row(Seq(0), [0] * tokens, 0, "last"), [(0, n) for n in counts.tolist()], table)
