"""Recorded passes: a short one replays a CUDA graph instead of launching kernels one by one.

Launching takes the host longer than a pass of a few tokens takes the device. So passes of a few
sizes are recorded once, before anybody asks, and what lies between is filled up to the next size.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from sticli.daemon.engines.gpu.batch import Batch, Inputs
from sticli.daemon.engines.gpu.sheet import Sheet
from sticli.daemon.engines.gpu.work import Heads
from sticli.kernels.operands import CELLS

TOKENS = (64, 32, 16, 8, 4, 2, 1)  # the largest first: the smaller ones fit the memory it took
WANTED = (0, 1, 8)  # tokens that want logits; or all of them
FORKS = 32  # entries of a table beyond those that its positions fill
ENTRIES = 1 << 16  # of all tables of a pass together, at most
WARM = 2  # passes before one is recorded: they compile its kernels

Outcome = tuple[Tensor, ...]  # a recorded pass writes the same tensors each time
Compute = Callable[[Inputs], Outcome]
Replay = Callable[[], None]
Record = Callable[[Callable[[], Outcome]], tuple[Outcome, Replay]]


class Size(NamedTuple):
    """How many tokens a recorded pass has, and how many of them want logits."""

    tokens: int
    wanted: int


def sizes() -> Iterator[Size]:
    """All that are recorded."""
    for tokens in TOKENS:
        for wanted in sorted({min(count, tokens) for count in (*WANTED, tokens)}, reverse=True):
            yield Size(tokens, wanted)


def record(call: Callable[[], Outcome], memory: object) -> tuple[Outcome, Replay]:
    """A CUDA graph of what a call launches, and what it computed.

    Graphs of one `memory` run one at a time: each computes where others do, or left outcomes.
    """
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM):
            call()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=memory):
        outcome = call()
    return outcome, graph.replay


class Graphs:
    """The recorded passes of one model; `positions` is the most that a sequence may hold."""

    def __init__(
        self,
        compute: Compute,
        windows: Sequence[int],
        heads: Heads,
        sms: int,
        positions: int,
        device: torch.device,
        recorder: Record | None = None,
    ) -> None:
        recorder = recorder or partial(record, memory=torch.cuda.graph_pool_handle())
        self._recorded: dict[Size, tuple[Sheet, Outcome, Replay]] = {}
        for size in sizes():
            entries = min(ENTRIES, size.tokens * (-(-positions // CELLS) + FORKS))
            sheet = Sheet(*size, windows, heads, sms, entries, device)
            outcome, replay = recorder(partial(compute, sheet.inputs))
            self._recorded[size] = sheet, outcome, replay

    def fit(self, tokens: int, wanted: int) -> Size | None:
        """The smallest recorded pass that holds so many; None where there is none."""
        fitting = (s for s in self._recorded if s.tokens >= tokens and s.wanted >= wanted)
        return min(fitting, default=None)

    def run(self, size: Size, batch: Batch) -> Outcome | None:
        """Compute a batch that was filled up to a size; None where its tables do not fit.

        The outcome stands until the next pass, which may compute in its memory. The pass before
        must be over.
        """
        sheet, outcome, replay = self._recorded[size]
        if not sheet.holds(batch):
            return None
        sheet.fill(batch)
        replay()
        return outcome
