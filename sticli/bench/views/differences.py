"""A comparison of two reports on stdout."""

from collections.abc import Iterator
from typing import IO

from sticli.bench import group
from sticli.bench.compare import Change, Comparison, Line
from sticli.bench.views import screen
from sticli.bench.views.number import figure, milliseconds, span, times
from sticli.bench.views.table import Column, Table


def show(found: Comparison, stream: IO[str]) -> None:
    """Write what changed, what differs besides, and a verdict."""
    for table in tables(found):
        screen.write(table, stream)
    stream.write("\n")
    screen.paragraphs(stream, [*found.differences, _verdict(found)], "· ")


def tables(found: Comparison) -> Iterator[Table]:
    """Times first, then the figures."""
    if found.lines:
        yield _times(found.lines)
    if found.figures:
        yield _figures(found)


def _times(lines: list[Line]) -> Table:
    columns = (
        Column("WORKLOAD", [one.workload for one in lines], text=True),
        Column("CASE", [group.told(one.case) for one in lines], text=True, wraps=14),
        Column("ENGINE", [one.engine for one in lines], text=True),
        Column("TOKEN", [one.measure for one in lines], text=True),
        Column("A ms", [milliseconds(one.before) for one in lines], 3),
        Column("B ms", [milliseconds(one.after) for one in lines], 3),
        Column("B / A", [times(one.plain.value) for one in lines]),
        Column("INTERVAL", [_span(one.plain) for one in lines], 4),
        Column("× FLOOR", [times(one.over.value if one.over else None) for one in lines]),
        Column("INTERVAL", [_span(one.over) for one in lines], 2),
        Column("VERDICT", [one.verdict for one in lines], text=True),
    )
    return Table("B over A, medians; × FLOOR: of times over the floor of the same run", columns)


def _span(change: Change | None) -> str:
    return span(change.low, change.high) if change else "–"


def _figures(found: Comparison) -> Table:
    pairs = found.figures
    columns = (
        Column("FIGURE", [one.before.name for one in pairs], text=True, wraps=28),
        Column("A", [figure(one.before.value, one.before.unit) for one in pairs]),
        Column("INTERVAL", [span(one.before.low, one.before.high) for one in pairs], 1),
        Column("B", [figure(one.after.value, one.after.unit) for one in pairs]),
        Column("INTERVAL", [span(one.after.low, one.after.high) for one in pairs], 1),
        Column("VERDICT", [one.verdict for one in pairs], text=True),
    )
    return Table("Figures", columns)


def _verdict(found: Comparison) -> str:
    verdicts = [one.verdict for one in found.lines]
    counts = [f"{verdicts.count(name)} {name}" for name in ("slower", "faster", "same", "unclear")]
    return f"{', '.join(counts)}; less than {found.margin:.0%} is no change"
