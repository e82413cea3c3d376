"""One pass through the model: rows to arrays, arrays to the device, and on to logits."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from sticli.daemon.engines.gpu.batch import Inputs, Placed, build, inputs
from sticli.daemon.engines.gpu.graphs import Graphs, Outcome, Record
from sticli.daemon.engines.gpu.model import Model
from sticli.daemon.engines.gpu.scores import find_allowed, find_nearest
from sticli.daemon.engines.gpu.sheet import Sheet
from sticli.daemon.engines.gpu.staging import Staging
from sticli.daemon.engines.gpu.work import Heads
from sticli.kernels.device import processors
from sticli.kernels.operands import Pool

# Tokens of passes that are not recorded: others of up to so many take the kernels of one of these.
CHUNKS = (128, 256, 512, 1024, 2048)


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
        """Compile every kernel, and record short passes, before anybody waits for one."""
        model, device = self._model, self._model.device
        for tokens in CHUNKS:
            sheet = Sheet(tokens, 1, model.windows, self._heads, self._sms, 1, device)
            logits, _ = self._forward(sheet.inputs)
        find_allowed(logits, np.zeros(0, np.uint8))
        return Graphs(
            self._forward, model.windows, self._heads, self._sms, model.positions, device, recorder
        )

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
