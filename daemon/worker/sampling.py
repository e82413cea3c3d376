"""From logits to a token."""

import math

from sticli.daemon.engines.base import Logits


def greedy(logits: Logits) -> int:
    """The likeliest token of logits of shape [vocabulary].

    Raises:
        ValueError: the logits are no numbers, so the computation went wrong.
    """
    token = int(logits.argmax())
    if not math.isfinite(logits[token]):
        raise ValueError("the model computed no finite logits")
    return token


def gap(logits: Logits, token: int) -> float:
    """How far `token` lies above its best rival, in logits of shape [vocabulary]."""
    rivals = (logits[:token], logits[token + 1 :])
    best = max((float(part.max()) for part in rivals if part.size), default=-math.inf)
    difference = float(logits[token]) - best
    return difference if math.isfinite(difference) else 0.0
