"""A report as a page of Markdown: the verdicts first, then what was measured, then how."""

from collections.abc import Iterator, Mapping, Sequence

from sticli.bench import group
from sticli.bench.report import Report
from sticli.bench.views import digest, tables
from sticli.bench.views.table import Column, Table

Plot = tuple[str, str]  # its title and file name


def page(report: Report, plots: Sequence[Plot] = ()) -> str:
    """The page; plots are linked where their workload is."""
    return "\n\n".join(_parts(report, plots)) + "\n"


def _parts(report: Report, plots: Sequence[Plot]) -> Iterator[str]:
    yield f"# sticli bench: {report.model.get('name', '?')}"
    yield f"    {report.command}"
    yield "\n".join(f"- {_escaped(text)}" for text in digest.sentences(report))
    for table in reversed(tables.ending(report)):
        yield from _table(table)
    if remarks := digest.remarks(report):
        yield "## To read it right"
        yield "\n".join(f"- {_escaped(text)}" for text in remarks)
    for workload in group.workloads(report):
        yield f"## {workload}"
        for title, file in plots:
            if file.startswith(f"{workload}-"):
                yield f"![{title}]({file})"
        for table in tables.of(report, workload):
            yield from _table(table)
    yield from _setting(report)


def _setting(report: Report) -> Iterator[str]:
    """The machine, the versions, and how every engine was set."""
    yield "## How it was measured"
    yield f"Begun {report.started}, seed {report.seed}. Every single time is in `report.json`."
    for title, facts in (
        ("Machine", report.machine),
        ("Versions", report.versions),
        ("Model", report.model),
        ("Settings", report.settings),
    ):
        yield from _facts(title, facts)
    if report.engines:
        yield from _table(_engines(report))


def _facts(title: str, facts: Mapping[str, str]) -> Iterator[str]:
    if facts:
        yield f"### {title}"
        yield "\n".join(f"- {name}: {_escaped(value)}" for name, value in facts.items())


def _engines(report: Report) -> Table:
    """A row a setting, a column an engine."""
    names = list(dict.fromkeys(name for detail in report.engines.values() for name in detail))
    columns = [
        Column(engine, [detail.get(name, "") for name in names], text=True)
        for engine, detail in report.engines.items()
    ]
    return Table("Engines", [Column("", names, text=True), *columns])


def _table(table: Table) -> Iterator[str]:
    yield f"### {_escaped(table.title)}"
    heads = [_escaped(column.head) for column in table.columns]
    rule = ["---" if column.text else "---:" for column in table.columns]
    cells = [[_escaped(cell) for cell in row] for row in table.rows]
    yield "\n".join(f"| {' | '.join(row)} |" for row in (heads, rule, *cells))


def _escaped(text: str) -> str:
    """Text that means itself, on one line."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
