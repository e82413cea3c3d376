"""How sure a share of few is: the Wilson interval of a proportion."""

import math

Z = 1.959964  # standard deviations that hold 95 % of a normal distribution


def wilson(hits: float, of: float) -> tuple[float, float]:
    """The 95 % interval of the share `hits` / `of`; all that is possible when `of` is 0."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, Z * Z
    middle = share + square / (2 * of)
    spread = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    whole = 1 + square / of
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)
