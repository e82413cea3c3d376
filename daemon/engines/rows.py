"""What the rows of a plan say, as arrays."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.base import Logits, Row


def positions(row: Row) -> NDArray[np.int32]:
    """Where each token of a row stands."""
    return np.arange(row.start, row.start + len(row.tokens), dtype=np.int32)


def wanted(row: Row) -> NDArray[np.bool_]:
    """Which of its tokens want logits."""
    flags = np.zeros(len(row.tokens), np.bool_)
    if row.wants == "all":
        flags[:] = True
    elif row.wants == "last":
        flags[-1:] = True
    return flags


def split(rows: Sequence[Row], found: Logits) -> Iterator[Logits | None]:
    """Each row's share of the wanted logits."""
    at = 0
    for row in rows:
        if row.wants == "none":
            yield None
            continue
        count = len(row.tokens) if row.wants == "all" else 1
        yield found[at : at + count]
        at += count
