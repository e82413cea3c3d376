"""What a report shows as plots: series of points, from which plots.py and sketches.py draw."""

from collections.abc import Sequence
from dataclasses import dataclass

from sticli.bench import estimate, group
from sticli.bench.group import Group
from sticli.bench.report import Report

MOST = 4  # panels beside each other
# what may be varied in steps, and what that counts
AXES = {
    "context": "tokens in the session",
    "delta": "new tokens since the last question",
    "tenants": "sessions beside each other",
    "residents": "resident sessions",
    "ingesting": "sessions that ingest",
    "questions": "standing questions",
    "turns": "turns of the conversation",
    "tokens": "tokens of the answer, at most",
    "candles": "candles in the session",
}


@dataclass(frozen=True, slots=True)
class Series:
    """One engine's line: of each point x, the middle, and a band around it; milliseconds."""

    engine: str
    xs: list[float]
    ys: list[float]
    lows: list[float]
    highs: list[float]


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines that share axes; the title says what they have in common."""

    title: str
    series: list[Series]


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels beside each other. `steps` are distributions: y is a share, x milliseconds."""

    name: str  # of its file
    title: str
    x: str
    y: str
    panels: list[Panel]
    steps: bool = False


def all_of(report: Report) -> list[Chart]:
    """Every chart of a report."""
    names = group.workloads(report)
    drawn = [chart for name in names for chart in sweeps(report, name)]
    return drawn + [chart for name in names if (chart := distribution(report, name))]


def sweeps(report: Report, workload: str) -> list[Chart]:
    """Time to the first token against each thing that was varied in steps."""
    panels: dict[str, list[Panel]] = {}
    for family in group.families(report, workload):
        found = [one for one in family if one.answered]
        for key in _free(found):
            panels.setdefault(key, []).extend(_panels(found, key))
    return [
        Chart(
            f"{workload}-{key}",
            f"{workload}: time to the first token against {key}",
            AXES[key],
            "ms, median; band: 5 to 95 %",
            _thinned(panels[key]),
        )
        for key in AXES
        if panels.get(key)
    ]


def _free(found: Sequence[Group]) -> list[str]:
    """What was varied; of things that always went together only the first."""
    keys = [key for key in AXES if len(_steps(found, key)) > 1]
    return [key for n, key in enumerate(keys) if not any(_same(found, key, k) for k in keys[:n])]


def _same(found: Sequence[Group], key: str, other: str) -> bool:
    """Whether each value of one goes with one value of the other."""
    pairs = {(one.case.get(key), one.case.get(other)) for one in found}
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def _steps(found: Sequence[Group], key: str) -> set[float]:
    values = (one.case.get(key) for one in found)
    return {float(value) for value in values if isinstance(value, int | float)}


def _panels(found: Sequence[Group], key: str) -> list[Panel]:
    """One for each value of the rest that has several steps."""
    rests: dict[str, list[Group]] = {}
    fixed = [other for other in found[0].case if not _same(found, key, other)]
    for one in found:
        rests.setdefault(group.told({name: one.case[name] for name in fixed}), []).append(one)
    several = {title: groups for title, groups in rests.items() if len(_steps(groups, key)) > 1}
    return [Panel(title, _lines(groups, key)) for title, groups in several.items()]


def _thinned(panels: list[Panel]) -> list[Panel]:
    """The first, the last and those evenly between, where there are too many to read."""
    if len(panels) <= MOST:
        return panels
    return [panels[round(n * (len(panels) - 1) / (MOST - 1))] for n in range(MOST)]


def _lines(groups: Sequence[Group], key: str) -> list[Series]:
    """A line an engine, points in order of x."""
    engines = dict.fromkeys(one.engine for one in groups)
    return [
        _line(engine, [one for one in groups if one.engine == engine], key) for engine in engines
    ]


def _line(engine: str, groups: Sequence[Group], key: str) -> Series:
    ordered = sorted(groups, key=lambda one: float(one.case[key]))
    values = [[1e3 * value for value in one.values("first")] for one in ordered]
    low, middle, high = ([estimate.quantile(one, q) for one in values] for q in (0.05, 0.5, 0.95))
    return Series(engine, [float(one.case[key]) for one in ordered], middle, low, high)


def distribution(report: Report, workload: str) -> Chart | None:
    """The share of first tokens that are there after so long, in the largest case."""
    last = group.largest(one for one in group.groups(report, workload) if one.answered)
    if not last:
        return None
    return Chart(
        f"{workload}-distribution",
        f"{workload}: how many first tokens are there after so long",
        "ms to the first token",
        "share of questions",
        [Panel(group.told(last[0].case), [_steps_of(one) for one in last])],
        steps=True,
    )


def _steps_of(one: Group) -> Series:
    xs = sorted(1e3 * value for value in one.values("first"))
    ys = [(n + 1) / len(xs) for n in range(len(xs))]
    return Series(one.engine, xs, ys, ys, ys)
