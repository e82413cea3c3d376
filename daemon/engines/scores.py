"""Scores that lie in the memory of this process: what llama.cpp's engine gives."""

import math

import numpy as np

from sticli.daemon.engines.base import Allowed, Logits, Pick


class HostScores:
    """Scores over logits of shape [wanted, vocabulary], good until the next pass."""

    def __init__(self, logits: Logits) -> None:
        self._logits = logits

    def __len__(self) -> int:
        return len(self._logits)

    def pick(self, index: int, allowed: Allowed | None = None) -> Pick:
        """The likeliest token that may follow the wanted token `index`.

        Raises:
            ValueError: the logits are no finite numbers.
        """
        logits = self._logits[index]
        among = logits if allowed is None else _masked(logits, allowed)
        token = int(among.argmax())
        if not math.isfinite(among[token]):
            raise ValueError("the model computed no finite logits")
        return Pick(token, _lead(logits, token))

    def read(self) -> Logits:
        """A copy of all of them."""
        return self._logits.copy()

    def kept(self) -> "HostScores":
        """A copy of those of the last token."""
        return HostScores(self._logits[-1:].copy())


def _masked(logits: Logits, allowed: Allowed) -> Logits:
    inside = np.unpackbits(allowed, count=len(logits), bitorder="little").view(np.bool_)
    return np.where(inside, logits, np.float32(-np.inf))


def _lead(logits: Logits, token: int) -> float:
    """How far a token is ahead of all others, which are looked at without it."""
    own, logits[token] = float(logits[token]), -math.inf
    difference = own - float(logits[logits.argmax()])
    logits[token] = own
    return difference if math.isfinite(difference) else 0.0
