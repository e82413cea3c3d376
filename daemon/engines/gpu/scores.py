"""Scores that lie on the device: the likeliest tokens are read with the pass, the rest if asked."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from sticli.daemon.engines.base import Allowed, Logits, Pick, Row
from sticli.kernels.top import top

Nearest = list[tuple[float, int]]
NEAREST = 4  # tokens read of every wanted row: one of them is nearly always allowed


class DeviceScores:
    """Some rows of the logits of a pass, f32 [all wanted, vocabulary], from `first` on.

    `nearest` has one entry a row: its likeliest tokens and their logits, in order.
    """

    def __init__(self, logits: Tensor, first: int, nearest: list[Nearest]) -> None:
        self._logits = logits
        self._first = first
        self._nearest = nearest

    def __len__(self) -> int:
        return len(self._nearest)

    def pick(self, index: int, allowed: Allowed | None = None) -> Pick:
        """The likeliest token that may follow the wanted token `index`.

        Raises:
            ValueError: the logits are no finite numbers.
        """
        value, token = self._best(index, allowed)
        if not math.isfinite(value):
            raise ValueError("the model computed no finite logits")
        others = (other for other, number in self._nearest[index] if number != token)
        lead = value - next(others, -math.inf)
        return Pick(token, lead if math.isfinite(lead) else 0.0)

    def _best(self, index: int, allowed: Allowed | None) -> tuple[float, int]:
        """The largest logit among those allowed, and its token."""
        for value, token in self._nearest[index]:
            if allowed is None or _allows(allowed, token):
                return value, token
        assert allowed is not None, "without a set the first one is the best"
        at = self._first + index
        return find_allowed(self._logits[at : at + 1], allowed)

    def read(self) -> Logits:
        """A copy of all of them."""
        part = self._logits[self._first : self._first + len(self)].cpu().numpy()
        logits: Logits = part.copy() if self._logits.device.type == "cpu" else part
        return logits

    def kept(self) -> "DeviceScores":
        """A copy of those of the last token."""
        last = self._first + len(self) - 1
        return DeviceScores(self._logits[last : last + 1].clone(), 0, self._nearest[-1:])


def find_allowed(logits: Tensor, allowed: Allowed) -> tuple[float, int]:
    """The largest among those allowed of one row of logits, and its token; waits for the device."""
    bits = np.zeros(-(-logits.shape[1] // 8), np.uint8)
    bits[: len(allowed)] = allowed[: len(bits)]
    values, tokens = top(logits, 1, torch.from_numpy(bits).to(logits.device)[None])
    return float(values[0, 0]), int(tokens[0, 0])


def find_nearest(logits: Tensor) -> Tensor:
    """The likeliest tokens of every row, for one read: f32 [2, rows, nearest].

    First their logits, then their numbers, which travel as if their bits were those of f32.
    """
    if not len(logits):
        return logits.new_empty((2, 0, NEAREST))
    values, tokens = top(logits, min(NEAREST, logits.shape[1]))
    return torch.stack((values, tokens.view(torch.float32)))


def split(rows: Sequence[Row], logits: Tensor, found: Tensor) -> Iterator[DeviceScores | None]:
    """Each row's share of the wanted logits and of their nearest; waits for the device."""
    nearest = _read(found)
    at = 0
    for row in rows:
        if row.wants == "none":
            yield None
            continue
        first, at = at, at + (len(row.tokens) if row.wants == "all" else 1)
        yield DeviceScores(logits, first, nearest[first:at])


def _read(found: Tensor) -> list[Nearest]:
    """The likeliest tokens of every row: the one read of a pass, which is over then."""
    if found.is_cuda and not found.shape[1]:
        torch.cuda.synchronize(found.device)
    both = found.cpu().numpy()
    pairs = zip(both[0].tolist(), both[1].view(np.int32).tolist(), strict=True)
    return [list(zip(*pair, strict=True)) for pair in pairs]


def _allows(allowed: Allowed, token: int) -> bool:
    at = token // 8
    return at < len(allowed) and bool(allowed[at] >> token % 8 & 1)
