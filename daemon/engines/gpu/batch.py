"""A plan as arrays: what one pass computes, on the host and then on the device.

The seam of the engine lies here: `build` knows sequences, `Inputs` are tensors only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sticli.daemon.engines.base import Row
from sticli.daemon.engines.gpu import work
from sticli.daemon.engines.gpu.sharing import Span
from sticli.daemon.engines.gpu.tally import Table
from sticli.daemon.engines.gpu.work import Heads, Lists
from sticli.kernels.operands import Work

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of a plan, and where its tokens lie."""

    row: Row
    runs: list[tuple[int, int]]  # of cells for its tokens: first slot, and how many
    table: Table  # all that it sees, its own tokens included

    @property
    def wanted(self) -> int:
        """Tokens of which logits come back."""
        return {"none": 0, "last": 1, "all": len(self.row.tokens)}[self.row.wants]


@dataclass(frozen=True, slots=True)
class Batch:
    """A pass on the host; tokens that only fill it up have slot -1 and position 0."""

    tokens: Ints  # [tokens]
    positions: Ints  # [tokens]
    slots: Ints  # [tokens]
    wanted: Ints  # [wanted]: of which tokens logits come back
    works: Mapping[int, Lists]  # by window, 0 for none

    def arrays(self) -> list[Ints]:
        """All of it, in the order that `inputs` expects."""
        lists = (
            (item.tiles, item.items, item.table, item.starts, item.merges, item.counts)
            for item in self.works.values()
        )
        first = [self.tokens, self.positions, self.slots, self.wanted]
        return [*first, *(array for item in lists for array in item)]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The same on the device: what a model's forward takes."""

    tokens: Tensor
    positions: Tensor
    slots: Tensor
    wanted: Tensor
    works: Mapping[int, Work]


def build(
    rows: Sequence[Placed], windows: Iterable[int], heads: Heads, sms: int, tokens: int = 0
) -> Batch:
    """The pass of some rows, filled up to `tokens` tokens; `windows` are all that layers have."""
    counts = [len(item.row.tokens) for item in rows]
    firsts = np.cumsum([0, *counts])[:-1].tolist()
    spans = [
        Span(first, count, item.row.start, item.table)
        for item, first, count in zip(rows, firsts, counts, strict=True)
    ]
    total = max(tokens, sum(counts))
    return Batch(
        tokens=_filled([token for item in rows for token in item.row.tokens], total, 0),
        positions=_filled(
            _ranges((item.row.start, len(item.row.tokens)) for item in rows), total, 0
        ),
        slots=_filled(_ranges(run for item in rows for run in item.runs), total, -1),
        wanted=np.array(list(_wanted(rows, firsts)), np.int32),
        works={window: work.build(spans, window, heads, sms, tokens=total) for window in windows},
    )


def inputs(windows: Sequence[int], tensors: Sequence[Tensor]) -> Inputs:
    """What the arrays of a batch, in their order, mean on the device."""
    tokens, positions, slots, wanted, *lists = tensors
    works = {
        window: Work(positions, *lists[6 * index : 6 * index + 6])
        for index, window in enumerate(windows)
    }
    return Inputs(tokens, positions, slots, wanted, works)


def _ranges(runs: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    """Runs of a first number and a count, one after the other, without a loop over numbers."""
    firsts, counts = np.array(list(runs), np.int64).T
    ends = np.cumsum(counts)
    return np.repeat(firsts - ends + counts, counts) + np.arange(ends[-1])


def _wanted(rows: Sequence[Placed], firsts: Sequence[int]) -> Iterator[int]:
    for item, first in zip(rows, firsts, strict=True):
        last = first + len(item.row.tokens)
        if item.row.wants != "none":
            yield from range(first if item.row.wants == "all" else last - 1, last)


def _filled(values: Sequence[int] | NDArray[np.int64], length: int, fill: int) -> Ints:
    longer = np.full(length, fill, np.int32)
    longer[: len(values)] = values
    return longer
