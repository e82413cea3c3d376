"""How far a decision's likeliest choice has to lead where nobody says it: a model's file may.

Logits of one model are not those of another, so that no number is right for all.
"""

from sticli.models.header import Header

KEY = "sticli.decision.gap"
USUAL = 2.0  # logits, of a model that says nothing
MOST = 1000


def named(header: Header) -> float | None:
    """The gap that a file names; None where it names none that makes sense."""
    found = header.values.get(KEY)
    if not isinstance(found, int | float) or isinstance(found, bool) or not 0 <= found <= MOST:
        return None
    return round(float(found), 3)  # it is kept in 32 bits


def of(header: Header) -> float:
    """That gap, or else the usual one."""
    found = named(header)
    return USUAL if found is None else found
