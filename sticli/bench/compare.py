"""Two reports side by side: what changed by more than noise.

Where both ran the floor, each time is also taken over the floor's of its own run, question by
question: two runs meet two moods of the machine.
"""

from collections.abc import Iterator, Sequence

import msgspec

from sticli.bench import estimate, group
from sticli.bench.group import Group
from sticli.bench.report import Case, Figure, Report

MEASURES = ("first", "last")
MATTERS = ("machine", "model", "versions", "settings")  # what should be equal in both


class Change(msgspec.Struct, frozen=True):
    """How B's median relates to A's, with its 95 % interval; above 1 is slower.

    No interval where the samples are too few.
    """

    value: float
    low: float | None
    high: float | None


class Line(msgspec.Struct, frozen=True):
    """One measure of one engine in one case."""

    workload: str
    case: Case
    engine: str
    measure: str
    before: float  # seconds, the median
    after: float
    plain: Change
    floor: str  # the engine that both ran beside it; empty: none
    over: Change | None  # the same, each time over the floor's
    verdict: str  # slower, faster, same or unclear: of `over`, else of `plain`; floor: the machine


class Pair(msgspec.Struct, frozen=True):
    """A figure that both have."""

    before: Figure
    after: Figure

    @property
    def verdict(self) -> str:
        """better or worse where the intervals are apart, else unclear."""
        a, b = self.before, self.after
        if a.low is None or a.high is None or b.low is None or b.high is None:
            return "unclear"
        if a.low <= b.high and b.low <= a.high:
            return "unclear"
        return "better" if (b.low > a.high) == a.least else "worse"


class Comparison(msgspec.Struct, frozen=True):
    """All that two reports have in common, and what else differs."""

    margin: float
    lines: list[Line]
    figures: list[Pair]
    differences: list[str]
    schema_version: int = 1

    @property
    def slower(self) -> list[Line]:
        """What became slower beyond doubt."""
        return [one for one in self.lines if one.verdict == "slower"]


def compare(before: Report, after: Report, margin: float) -> Comparison:
    """What changed; less than `margin`, a share as 0.05, is no change."""
    lines = [
        line
        for name in group.workloads(before)
        for line in _lines(group.groups(before, name), group.groups(after, name), margin)
    ]
    theirs = {(one.workload, one.name): one for one in after.figures}
    figures = [
        Pair(one, theirs[one.workload, one.name])
        for one in before.figures
        if (one.workload, one.name) in theirs
    ]
    return Comparison(margin, lines, figures, list(_differences(before, after)))


def _lines(before: list[Group], after: list[Group], margin: float) -> Iterator[Line]:
    for a in before:
        for b in after:
            if (a.case, a.engine) == (b.case, b.engine) and a.answered and b.answered:
                floors = _floor(a, before), _floor(b, after)
                for measure in MEASURES if _long(a) else MEASURES[:1]:
                    yield _line(a, b, floors, measure, margin)


def _floor(one: Group, others: list[Group]) -> Group | None:
    found = group.beside(one, others)
    return None if found is one else found


def _long(one: Group) -> bool:
    """Whether answers have more than a first token."""
    return any(sample.tokens > 1 for sample in one.answered)


def _line(
    a: Group, b: Group, floors: tuple[Group | None, Group | None], measure: str, margin: float
) -> Line:
    before, after = a.values(measure), b.values(measure)
    plain, over, floor = _change(before, after), None, ""
    beneath = [
        group.quotients(one, two, measure) for one, two in zip((a, b), floors, strict=True) if two
    ]
    if floors[0] and floors[1] and floors[0].engine == floors[1].engine and all(beneath):
        over, floor = _change(*beneath), floors[0].engine
    alone = a.engine.split()[-1] in group.FLOORS and not floors[0]
    verdict = "floor" if alone else _verdict(over or plain, margin)
    medians = estimate.median(before), estimate.median(after)
    return Line(a.workload, a.case, a.engine, measure, *medians, plain, floor, over, verdict)


def _change(before: Sequence[float], after: Sequence[float]) -> Change:
    return Change(*estimate.shift(after, before))


def _verdict(change: Change, margin: float) -> str:
    """What the whole interval says; where it says nothing, that it is unclear."""
    if change.low is None or change.high is None:
        return "unclear"
    if change.low > 1 + margin:
        return "slower"
    if change.high < 1 / (1 + margin):
        return "faster"
    return "same" if 1 / (1 + margin) <= change.low and change.high <= 1 + margin else "unclear"


def _differences(before: Report, after: Report) -> Iterator[str]:
    """What besides the times is not equal, so that a reader weighs it."""
    for kind in MATTERS:
        one, other = getattr(before, kind), getattr(after, kind)
        for name in dict.fromkeys([*one, *other]):
            if one.get(name) != other.get(name):
                yield f"{kind}, {name}: {one.get(name, 'none')} → {other.get(name, 'none')}"
    if before.seed != after.seed:
        yield f"seed: {before.seed} → {after.seed}"
