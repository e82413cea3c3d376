"""The card's tables, in Markdown."""

from collections.abc import Callable, Hashable, Iterable, Sequence

from sticli.demo.exam.group import GOALS, NAMES, Goal, group
from sticli.demo.exam.interval import Share, share
from sticli.demo.exam.record import Answered, Played, flat

Pair = tuple[Played, Answered]


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def right(pairs: Iterable[Pair]) -> Share:
    """The share of right answers."""
    return share((key(played), asked.right) for played, asked in pairs)


def key(played: Played) -> Hashable:
    """What tells a feed from the others."""
    return played.held_out, played.number


def cell(found: Share) -> str:
    """A share in percent, its interval, and of how many questions."""
    if not found.of:
        return "-"
    return f"{_percent(found.value)} ({span(found)}, n={found.of:,})"


def span(found: Share) -> str:
    """The interval in percent."""
    return f"{100 * found.low:.1f}-{100 * found.high:.1f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def by_length(played: Sequence[Played], row: Callable[[str], str], order: Sequence[str]) -> str:
    """Right answers by a name made of their kind, and by length; `order` of the names."""
    pairs = list(flat(played))
    lengths = sorted({asked.length for _, asked in pairs})
    cells: dict[tuple[str, int], list[Pair]] = {}
    for played_one, asked in pairs:
        cells.setdefault((row(asked.kind), asked.length), []).append((played_one, asked))
    names = [name for name in order if any((name, length) in cells for length in lengths)]
    body = [
        [name, *(cell(right(cells.get((name, length), ()))) for length in lengths)]
        for name in names
    ]
    return markdown(["questions", *(f"{length:,} tokens" for length in lengths)], body)


def kinds(played: Sequence[Played]) -> str:
    """Right answers by kind and length."""
    found = sorted({asked.kind for _, asked in flat(played)})
    return by_length(played, str, found)


def groups(played: Sequence[Played]) -> str:
    """Right answers by group of kinds and length."""
    return by_length(played, group, NAMES)


def sorts(played: Sequence[Played]) -> str:
    """Right answers by sort of feed."""
    names = sorted({one.sort for one in played})
    rows = [
        [name, cell(right(flat([one for one in played if one.sort == name])))] for name in names
    ]
    return markdown(["feeds", "right"], rows)


def goals(played: Sequence[Played]) -> str:
    """What was to be reached, and what was."""
    heads = ["questions", "feed", "wanted", "measured", ""]
    return markdown(heads, [_goal(goal, list(flat(played))) for goal in GOALS])


def _goal(goal: Goal, pairs: Sequence[Pair]) -> list[str]:
    found = right(
        (played, asked)
        for played, asked in pairs
        if group(asked.kind) == goal.group and goal.shortest <= asked.length <= goal.longest
    )
    alone = goal.shortest == goal.longest
    where = f"{'' if alone else 'up to '}{goal.longest:,} tokens"
    return [goal.group, where, f">= {100 * goal.least:.0f} %", cell(found), verdict(found, goal)]


def verdict(found: Share, goal: Goal) -> str:
    """Whether the goal is met, and how sure that is."""
    if not found.of:
        return "not measured"
    if found.value < goal.least:
        return "**not met**"
    return "met" if found.low >= goal.least else "met, but not surely"
