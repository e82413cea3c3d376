"""Spans of time as people write them."""

import math
import re

from sticli.errors import SticliError

UNITS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(ms|s|m|h|)")


def seconds(text: str) -> float:
    """`200ms`, `5s`, `2m`, `1h` or a plain number, in seconds.

    Raises:
        SticliError: it is none of these.
    """
    found = FORM.fullmatch(text.strip())
    if not found or not math.isfinite(float(found[1])):
        raise SticliError("bad_request", f"{text!r} is no span of time", "as 200ms, 5s, 2m or 1h")
    return float(found[1]) * UNITS[found[2]]
