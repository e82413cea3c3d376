"""Kinds of question that belong together, and what the model shall reach on them."""

from dataclasses import dataclass

UNKNOWN = "unknown_"  # how the kinds begin whose right answer is "none"

GROUPS: dict[str, frozenset[str]] = {
    "lookups": frozenset((
        "last_value", "previous_value", "first_value", "last_name", "last_size", "last_side",
        "last_error", "error_service", "error_of", "service_state", "last_status", "last_failed",
    )),
    "times": frozenset(("value_time", "error_time")),
    "aggregates": frozenset(("high", "low", "high_k", "low_k", "trend")),
    "comparisons": frozenset(("moved_most",)),
    "yes or no": frozenset(("is_up", "above", "seen", "is_state", "has_failed")),
    "counts": frozenset(("count", "count_errors", "count_errors_of", "count_failed")),
}  # fmt: skip
NONE = "none"
OTHER = "others"
NAMES = (*GROUPS, NONE, OTHER)


@dataclass(frozen=True, slots=True)
class Goal:
    """The least share of right answers to a group of questions, on feeds of some lengths."""

    group: str
    shortest: int  # tokens
    longest: int
    least: float


GOALS = (
    Goal("lookups", 0, 2048, 0.98),
    Goal("aggregates", 0, 2048, 0.90),
    Goal("lookups", 8192, 8192, 0.95),
    Goal(NONE, 0, 8192, 0.90),
)


def group(kind: str) -> str:
    """The group of a kind."""
    if kind.startswith(UNKNOWN):
        return NONE
    return next((name for name, kinds in GROUPS.items() if kind in kinds), OTHER)
