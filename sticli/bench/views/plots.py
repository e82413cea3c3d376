"""Charts of a report as SVG and PNG, by matplotlib."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from sticli.bench.report import Report
from sticli.bench.views import charts
from sticli.bench.views.charts import Chart, Panel, Series
from sticli.bench.views.number import round_numbers, ticks

# Okabe and Ito: told apart by eyes of every kind, and by their marks without colour.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKS = "os^DvPX"
DOTS = 160  # of the PNG, an inch
LOOK = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "sticli",  # equal reports give equal files
}
Look = tuple[str, str]  # colour and mark


def draw(report: Report, folder: Path) -> list[tuple[str, str]]:
    """Write every chart into the folder; title and SVG file name of each.

    Raises:
        OSError: a file cannot be written.
    """
    looks = _looks(report)
    found = []
    with matplotlib.rc_context(LOOK):
        for chart in charts.all_of(report):
            figure = _figure(chart, looks)
            figure.savefig(folder / f"{chart.name}.svg", metadata={"Date": None})
            figure.savefig(folder / f"{chart.name}.png", dpi=DOTS)
            found.append((chart.title, f"{chart.name}.svg"))
    return found


def _looks(report: Report) -> dict[str, Look]:
    """An engine looks the same in every chart."""
    engines = dict.fromkeys(run.engine for run in report.runs)
    return {
        engine: (COLOURS[n % len(COLOURS)], MARKS[n % len(MARKS)])
        for n, engine in enumerate(engines)
    }


def _figure(chart: Chart, looks: Mapping[str, Look]) -> Figure:
    across = len(chart.panels)
    figure = Figure(figsize=(max(6.4, 3.7 * across), 4.2), layout="constrained")
    axes = figure.subplots(1, across, sharey=True, squeeze=False)[0]
    for panel, place in zip(chart.panels, axes, strict=True):
        _panel(chart, panel, place, looks)
    axes[0].set_ylabel(chart.y)
    figure.suptitle(chart.title, fontweight="bold")
    lines = {line.get_label(): line for place in axes for line in place.get_lines()}
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def _panel(chart: Chart, panel: Panel, axes: Any, looks: Mapping[str, Look]) -> None:
    for series in panel.series:
        (_steps if chart.steps else _line)(series, axes, *looks[series.engine])
    axes.set_title(panel.title, fontsize="medium")
    axes.set_xlabel(chart.x)
    xs = sorted({x for series in panel.series for x in series.xs})
    if chart.steps:
        _powers(axes, "x", round_numbers(xs))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.0%}"))
        axes.set_ylim(0, 1.02)
        return
    _powers(axes, "x", xs)
    _powers(axes, "y", round_numbers([y for one in chart.panels for y in _reach(one)]))


def _reach(panel: Panel) -> list[float]:
    return [y for series in panel.series for y in (*series.lows, *series.highs)]


def _powers(axes: Any, letter: str, places: list[float]) -> None:
    """An axis of powers with ticks at these places only; evenly spaced where one is nothing."""
    if places[0] > 0:
        axes.set(**{f"{letter}scale": "log"})
    axis = getattr(axes, f"{letter}axis")
    axis.set_ticks(places, list(map(ticks, places)))
    axis.set_minor_locator(NullLocator())


def _line(series: Series, axes: Any, colour: str, mark: str) -> None:
    axes.plot(series.xs, series.ys, color=colour, marker=mark, label=series.engine)
    axes.fill_between(series.xs, series.lows, series.highs, color=colour, alpha=0.12, lw=0)


def _steps(series: Series, axes: Any, colour: str, mark: str) -> None:
    every = max(1, len(series.xs) // 6)
    axes.step(
        series.xs,
        series.ys,
        where="post",
        color=colour,
        marker=mark,
        markevery=every,
        label=series.engine,
    )
