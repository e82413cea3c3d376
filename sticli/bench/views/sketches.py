"""Charts of a report in letters, for the terminal, by plotext."""

import importlib.util
import math
from collections.abc import Sequence
from typing import Any

from sticli.bench.views.charts import Chart, Panel, Series
from sticli.bench.views.number import LEAST, round_numbers, ticks

HEIGHT = 16  # lines
WIDEST = 100  # letters: more only makes it flat
MARKS = "●■▲◆✚✖○"  # told apart without colour too
COLOURS = ("blue", "red", "green", "magenta", "yellow", "cyan", "default")
AIR = 0.06  # of a power of ten, between the points and the frame


def draw(chart: Chart, width: int, *, colours: bool) -> str:
    """The last panel of a chart, in lines of text; empty where plotext is not installed."""
    if not (importlib.util.find_spec("plotext") and chart.panels):
        return ""
    panel = chart.panels[-1]
    title = chart.title + (f", {panel.title}" if panel.title else "")
    drawn = _drawn(chart, panel, min(width, WIDEST), colours)
    marked = zip(panel.series, MARKS, strict=False)
    legend = "  ".join(f"{mark} {one.engine}" for one, mark in marked)
    return f"{title}\n{legend}\n{drawn}"


def _drawn(chart: Chart, panel: Panel, width: int, colours: bool) -> str:
    from plotext import figure

    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, HEIGHT)
    _signals(figure, panel.series, colours)
    figure.label(f"{chart.x}; up: {chart.y.split(';')[0]}")
    _rule(figure.ruler("x"), sorted({x for series in panel.series for x in series.xs}))
    _rule(figure.ruler("y"), round_numbers([y for series in panel.series for y in series.ys]))
    text: str = figure.build().string(not colours)
    figure.clear()
    return text.rstrip("\n") + "\n"


def _signals(figure: Any, found: Sequence[Series], colours: bool) -> None:
    """Dotted lines first, the points over them; both axes are powers of ten."""
    from plotext import marker

    logs = [[list(map(_log, values)) for values in (one.xs, one.ys)] for one in found]
    for kind in ("line", "points"):
        for (xs, ys), mark, colour in zip(logs, MARKS, COLOURS, strict=False):
            letter = "·" if kind == "line" else mark
            signal = figure.signal(xs, ys, marker=marker(letter, colour if colours else None))
            signal.lines(kind == "line")
            figure.draw(signal)


def _rule(ruler: Any, places: Sequence[float]) -> None:
    logs = list(map(_log, places))
    ruler.lim(logs[0] - AIR, logs[-1] + AIR)
    ruler.ticks(logs, list(map(ticks, places)))


def _log(value: float) -> float:
    """Its power of ten; what is nothing stands where next to nothing does."""
    return math.log10(max(value, LEAST))
