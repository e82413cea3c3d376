"""What each token of a line is part of: a time, a name, a value that may be asked for.

While the model trains, probes that look into its layers are asked this of every token of a feed:
questions tell only of the few fields that they are about, and a new dialect has others beside.
"""

from collections.abc import Sequence
from itertools import accumulate

from sticli.demo.learning import vocabulary
from sticli.demo.world.dialect import Span

ROLES = (
    "other", "time", "name", "value", "size", "open", "high", "low", "side", "error", "state",
)  # fmt: skip
OTHER, UNKNOWN = 0, -1
_SHARED = {
    **dict.fromkeys(("symbol", "sensor", "service", "path"), "name"),
    **dict.fromkeys(("price", "close", "status"), "value"),
    "volume": "size",
}


def roles(line: str, ids: Sequence[int], spans: Sequence[Span]) -> list[int]:
    """The role, an index into ROLES, of each token of a line: of the field it ends in."""
    found = [OTHER] * (len(line) + 1)
    for span in spans:
        role = _SHARED.get(span.role, span.role)
        if role in ROLES:
            found[span.start : span.stop] = [ROLES.index(role)] * (span.stop - span.start)
    ends = accumulate(len(vocabulary.TOKENS[index]) for index in ids)
    return [found[end - 1] for end in ends]
