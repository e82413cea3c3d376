"""A report on stdout: tables that fit the terminal, a sketch of a plot each, and the notes."""

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import IO, Literal

from sticli.bench import group
from sticli.bench.report import Report
from sticli.bench.views import digest, tables
from sticli.bench.views.table import Column, Table
from sticli.render import colourful, one_line

GAP = 2  # spaces between two columns
ELSEWHERE = 160  # columns of what is no terminal
MODEL, MACHINE = ("name", "weights", "file"), ("processor", "cores", "memory", "gpu")
STYLES = {
    **dict.fromkeys(("met", "faster", "better"), "green"),
    **dict.fromkeys(("missed", "slower", "worse"), "bold red"),
}


def show(report: Report, stream: IO[str]) -> None:
    """Write everything."""
    paragraphs(stream, _head(report))
    for workload in group.workloads(report):
        for table in tables.of(report, workload):
            write(table, stream)
        _sketch(report, workload, stream)
    for last in tables.ending(report):
        write(last, stream)
    stream.write("\n")
    paragraphs(stream, [*digest.sentences(report), *digest.remarks(report)], "· ")


def write(table: Table, stream: IO[str]) -> None:
    """Write one table, without the columns for which there is no room."""
    columns, room = fitting(table.columns, width(stream)), width(stream)
    stream.write("\n")
    if colourful(stream):
        _draw(table, columns, room, stream)
    else:
        paragraphs(stream, [table.title])
        stream.write("".join(f"{line}\n" for line in aligned(columns, room)))


def width(stream: IO[str]) -> int:
    """Letters of a line."""
    return shutil.get_terminal_size().columns if stream.isatty() else ELSEWHERE


def fitting(columns: Sequence[Column], room: int) -> list[Column]:
    """The columns that fit side by side: those of the highest rank go first, rank 0 stays."""
    kept = list(columns)
    while sum(_least(one) + GAP for one in kept) - GAP > room:
        last = max(kept, key=lambda one: one.rank)
        if not last.rank:
            break
        kept.remove(last)
    return kept


def aligned(columns: Sequence[Column], room: int) -> Iterator[str]:
    """Lines of plain text, the heads first; cells that wrap take several."""
    sizes = _sizes(columns, room)
    for row in zip(*([one.head, *one.cells] for one in columns), strict=True):
        cells = [
            textwrap.wrap(one_line(cell), size) if column.wraps else [one_line(cell)]
            for cell, size, column in zip(row, sizes, columns, strict=True)
        ]
        for lines in zip_longest(*cells, fillvalue=""):
            parts = (
                line.ljust(size) if column.text else line.rjust(size)
                for line, size, column in zip(lines, sizes, columns, strict=True)
            )
            yield (" " * GAP).join(parts).rstrip()


def paragraphs(stream: IO[str], texts: Sequence[str], mark: str = "") -> None:
    """Write texts, each from a line of its own on, broken between words."""
    for text in texts:
        lines = textwrap.wrap(
            one_line(text),
            max(40, min(width(stream), 120)),
            initial_indent=mark,
            subsequent_indent=" " * len(mark),
            break_long_words=False,
            break_on_hyphens=False,
        )
        stream.write("".join(f"{line}\n" for line in lines))


def _wide(column: Column) -> int:
    return max(1, *(len(one_line(cell)) for cell in (column.head, *column.cells)))


def _least(column: Column) -> int:
    """The width that it needs."""
    return min(_wide(column), column.wraps) if column.wraps else _wide(column)


def _sizes(columns: Sequence[Column], room: int) -> list[int]:
    """The width of each: what is left over goes to those that wrap."""
    left = max(0, room - sum(_least(one) + GAP for one in columns) + GAP)
    sizes = []
    for one in columns:
        more = min(left, _wide(one) - _least(one))
        sizes.append(_least(one) + more)
        left -= more
    return sizes


def _draw(table: Table, columns: Sequence[Column], room: int, stream: IO[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    drawn = Drawn(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column, size in zip(columns, _sizes(columns, room), strict=True):
        justify: Literal["left", "right"] = "left" if column.text else "right"
        drawn.add_column(column.head, justify=justify, width=size, overflow="fold")
    for row in zip(*(column.cells for column in columns), strict=True):
        drawn.add_row(*(Text(one_line(cell), STYLES.get(cell, "")) for cell in row))
    console = Console(file=stream, highlight=False)
    console.print(Text(table.title, "bold"))
    console.print(drawn)


def _head(report: Report) -> list[str]:
    model = [report.model[key] for key in MODEL if key in report.model]
    machine = [report.machine[key] for key in MACHINE if key in report.machine]
    return [f"model: {', '.join(model)}", f"machine: {', '.join(machine)}"]


def _sketch(report: Report, workload: str, stream: IO[str]) -> None:
    """The first plot of a workload in letters, for who sits at a terminal."""
    if not stream.isatty():
        return
    from sticli.bench.views import charts, sketches

    for chart in charts.sweeps(report, workload)[:1]:
        drawn = sketches.draw(chart, width(stream), colours=colourful(stream))
        stream.write(f"\n{drawn}" if drawn else "")
