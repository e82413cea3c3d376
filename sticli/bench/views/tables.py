"""All tables of a report."""

from sticli.bench import group
from sticli.bench.report import Figure, Report
from sticli.bench.views import runs
from sticli.bench.views.number import figure, percent, span
from sticli.bench.views.table import Column, Table
from sticli.render import count


def of(report: Report, workload: str) -> list[Table]:
    """Those of one workload; cases of other keys have tables of their own."""
    return [table for found in group.families(report, workload) for table in runs.of(found)]


def ending(report: Report) -> list[Table]:
    """Those that are of all workloads: the verdicts come last, where they are looked for."""
    held = [one for one in report.figures if one.target is not None]
    others = [one for one in report.figures if one.target is None]
    made = (agreement(report), steered(others), targets(held))
    return [table for table in made if table]


def targets(figures: list[Figure]) -> Table | None:
    """What we are held to, and whether it is met."""
    if not figures:
        return None
    met = sum(one.met is True for one in figures)
    columns = (
        *_figures(figures),
        Column("TARGET", [_target(one) for one in figures]),
        Column("MET", [_met(one) for one in figures], text=True),
        _how(figures),
    )
    return Table(f"Targets: {met} of {len(figures)} met", columns)


def steered(figures: list[Figure]) -> Table | None:
    """What we steer by."""
    if not figures:
        return None
    return Table("Also measured", (*_figures(figures), _how(figures)))


def _figures(figures: list[Figure]) -> list[Column]:
    return [
        Column("FIGURE", [one.name for one in figures], text=True, wraps=28),
        Column("VALUE", [_number(one) for one in figures]),
        Column("95 % INTERVAL", [span(one.low, one.high) for one in figures], 2),
    ]


def _how(figures: list[Figure]) -> Column:
    return Column("HOW", [one.detail for one in figures], 9, text=True, wraps=28)


def _number(one: Figure) -> str:
    """The value; a ratio that should be large is one of speeds."""
    fast = " × as fast" if one.least and one.unit == "×" and one.value is not None else ""
    return figure(one.value, one.unit) + fast


def _target(one: Figure) -> str:
    return f"{'≥' if one.least else '≤'} {figure(one.target, one.unit)}"


def _met(one: Figure) -> str:
    return {True: "met", False: "missed", None: "–"}[one.met]


def agreement(report: Report) -> Table | None:
    """How often engines give one answer: equal weights and prompts should."""
    rows = [row for name in group.workloads(report) for row in _agreements(report, name)]
    if not rows or "synthetic" in report.model:
        return None
    heads = ("WORKLOAD", "ENGINE", "EQUAL", "OF", "SHARE", "TO")
    cells = zip(*rows, strict=True)
    texts = ("WORKLOAD", "ENGINE", "TO")
    columns = [Column(head, one, 0, head in texts) for head, one in zip(heads, cells, strict=True)]
    return Table("Equal answers, of those after the same lines", columns)


def _agreements(report: Report, workload: str) -> list[tuple[str, ...]]:
    """By engine, all cases together."""
    found, totals = group.groups(report, workload), dict[tuple[str, str], tuple[int, int]]()
    for one in found:
        truth = group.beside(one, found, group.TRUTHS)
        if truth and truth is not one:
            equal, compared = totals.get((one.engine, truth.engine), (0, 0))
            both = group.agreement(one, truth)
            totals[one.engine, truth.engine] = equal + both.equal, compared + both.compared
    return [
        (workload, engine, count(equal), count(of), percent(equal / of) if of else "–", truth)
        for (engine, truth), (equal, of) in totals.items()
    ]
