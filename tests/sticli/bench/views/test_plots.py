"""Plots of a report: which there are, what they hold, and that both kinds are drawn."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from sticli.bench.report import Case, Report, read
from sticli.bench.views import charts, folder, plots, sketches, tables
from tests.sticli.bench.found import ENGINES, empty, found


@pytest.fixture(scope="module")
def report() -> Report:
    return found()


@pytest.fixture(scope="module")
def filled(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything of it."""
    path = folder.make(str(tmp_path_factory.mktemp("bench") / "a" / "b"))
    folder.fill(report, path)
    return path


def test_a_chart_for_each_thing_that_was_varied(report: Report) -> None:
    names = [chart.name for chart in charts.all_of(report)]
    assert names == ["stream-context", "stream-delta", "stream-distribution"]


def test_a_panel_for_each_value_of_the_rest(report: Report) -> None:
    chart, *_ = charts.sweeps(report, "stream")
    assert [panel.title for panel in chart.panels] == ["delta 64", "delta 1,024"]
    for panel in chart.panels:
        assert [one.engine for one in panel.series] == [*ENGINES]
        for one in panel.series:
            assert one.xs == [4096, 16384]
            for low, middle, high in zip(one.lows, one.ys, one.highs, strict=True):
                assert low <= middle <= high


def test_medians_are_milliseconds(report: Report) -> None:
    chart, *_ = charts.sweeps(report, "stream")
    slowest = max(sample.first for run in report.runs for sample in run.samples)
    highest = max(y for panel in chart.panels for one in panel.series for y in one.highs)
    assert slowest * 500 < highest < slowest * 1000


def test_a_distribution_ends_at_all_questions(report: Report) -> None:
    chart = charts.distribution(report, "stream")
    assert chart is not None
    assert chart.panels[0].title == "context 16,384, delta 1,024"
    for one in chart.panels[0].series:
        assert one.ys[-1] == 1
        assert one.xs == sorted(one.xs)
        assert len(one.xs) == 20


def test_what_was_not_varied_has_no_sweep(report: Report) -> None:
    one = found()
    one.runs = [run for run in one.runs if run.case == one.runs[0].case]
    assert [chart.name for chart in charts.all_of(one)] == ["stream-distribution"]
    assert charts.all_of(empty()) == []


def test_what_goes_together_has_one_chart() -> None:
    report, candles = found(), {4096: 300, 16384: 1200}
    for run in report.runs:
        run.case["candles"] = candles[int(run.case["context"])]
    context, delta = charts.sweeps(report, "stream")
    assert [panel.title for panel in context.panels] == ["delta 64", "delta 1,024"]
    assert [panel.title for panel in delta.panels] == [
        "context 4,096, candles 300",
        "context 16,384, candles 1,200",
    ]


def test_cases_of_other_keys_have_panels_of_their_own() -> None:
    report = found()
    for run in report.runs[:]:
        if run.case["delta"] == 64 and run.engine == "bare":
            case: Case = {"context": run.case["context"], "rate": 2.0}
            report.runs.append(replace(run, case=case))
    context, _ = charts.sweeps(report, "stream")
    assert [panel.title for panel in context.panels] == ["delta 64", "delta 1,024", "rate 2.0"]
    assert [one.engine for one in context.panels[2].series] == ["bare"]


def test_many_panels_are_thinned_to_the_ends_and_some_between() -> None:
    panels = [charts.Panel(str(n), []) for n in range(9)]
    assert [panel.title for panel in charts._thinned(panels)] == ["0", "3", "5", "8"]


def test_the_folder_holds_everything(report: Report, filled: Path) -> None:
    files = {path.name for path in filled.iterdir()}
    drawn = {f"{chart.name}.{kind}" for chart in charts.all_of(report) for kind in ("svg", "png")}
    assert files == drawn | {"report.json", "report.md"}
    assert read(filled / "report.json") == report
    picture = (filled / "stream-context.svg").read_text()
    for text in (*ENGINES, "tokens in the session", "16k"):
        assert text in picture


def test_a_page_shows_each_plot_once_and_every_table(report: Report, filled: Path) -> None:
    page = (filled / "report.md").read_text()
    assert page.startswith("# sticli bench: feed\n")
    assert "the machine was busy \\| or so" in page
    assert "| threads | 2 | 2 | 2 | 2 |\n" in page
    links = re.findall(r"\]\((\S+?)\)", page)
    assert links == [f"{chart.name}.svg" for chart in charts.all_of(report)]
    for table in (*tables.of(report, "stream"), *tables.ending(report)):
        assert f"### {table.title}\n" in page
    for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        widths = {len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_without_matplotlib_there_is_a_page_and_a_word(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'sticli[bench]'" in folder.lacks()
    folder.fill(report, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "report.md"}
    chart, *_ = charts.sweeps(report, "stream")
    assert sketches.draw(chart, 80, colours=False) == ""


def test_equal_reports_give_equal_plots(tmp_path: Path) -> None:
    one = found(engines={"sticli live": 1.0})
    one.runs = [run for run in one.runs if run.case == one.runs[0].case]
    plots.draw(one, tmp_path)
    drawn = (tmp_path / "stream-distribution.svg").read_bytes()
    plots.draw(one, tmp_path)
    assert (tmp_path / "stream-distribution.svg").read_bytes() == drawn


def test_a_sketch_fits_and_names_every_engine(report: Report) -> None:
    chart, *_ = charts.sweeps(report, "stream")
    for width in (60, 80, 200):
        drawn = sketches.draw(chart, width, colours=False)
        title, legend, *lines = drawn.splitlines()
        assert title == "stream: time to the first token against context, delta 1,024"
        assert all(engine in legend for engine in ENGINES)
        assert max(map(len, lines)) <= width
        assert "\x1b" not in drawn
        for mark in legend[::1]:
            if mark in sketches.MARKS[: len(ENGINES)]:
                assert any(mark in line for line in lines), mark
    assert "\x1b[" in sketches.draw(chart, 80, colours=True)


def test_what_is_nothing_has_a_place_too() -> None:
    series = charts.Series("a", [0, 1, 8], [0.0, 0.1, 3.0], [0, 0, 0], [0, 0, 0])
    chart = charts.Chart("w-n", "w", "n", "ms", [charts.Panel("", [series])])
    assert sketches.draw(chart, 80, colours=False).count("●") == 4, "the legend's and three points"
