"""How far a decision's likeliest choice has to lead where nobody says it: a model's file may.

Logits of one model are not those of another, so that no number is right for all.
"""

from pathlib import Path

from sticli.errors import SticliError
from sticli.models.header import Header, read_header

KEY = "sticli.decision.gap"
USUAL = 2.0  # logits, of a model that says nothing
MOST = 1000


def of_header(header: Header) -> float:
    """The gap that the file names, if that makes sense, or else the usual one."""
    found = header.values.get(KEY)
    if isinstance(found, int | float) and 0 <= found <= MOST:
        return round(float(found), 3)  # it is kept in 32 bits
    return USUAL


def of_file(path: Path) -> float:
    """The same of a file; the usual one where it cannot be read, of which the worker tells."""
    try:
        return of_header(read_header(path))
    except SticliError:
        return USUAL
