"""A report is read as it was written."""

from pathlib import Path

import pytest

from sticli.bench import report
from sticli.bench.report import Figure, Report, Run, Sample, Usage
from sticli.errors import SticliError


def full() -> Report:
    samples = [Sample("a", "q", "yes", first=0.5, computed=3), Sample("a", "q", error="busy")]
    usage = Usage(1.5, 0.5, 2**30, joules=3.0)
    run = Run("stream", {"context": 64, "rate": 1.5}, "bare", 0, samples, usage, [0.1], {"x": 2.0})
    figure = Figure("stream", "ask", 1.05, target=1.1, low=1.0, high=1.1)
    made = Report("sticli bench all", "2026-01-01T00:00:00Z", 1, {"cores": "2"}, {}, {}, {})
    made.runs.append(run)
    made.figures.append(figure)
    return made


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    report.write(full(), path)
    assert report.read(path) == full()


def test_reports_do_not_share_what_they_found() -> None:
    full().notes.append("one")
    assert full().notes == []


@pytest.mark.parametrize("text", ["", "{", "{}", '{"command": 1}', "[]"])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(SticliError, match="is no report"):
        report.read(path)


def test_a_missing_report_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(SticliError, match="no file"):
        report.read(tmp_path / "none.json")
    with pytest.raises(SticliError, match="No such file"):
        report.write(full(), tmp_path / "none" / "report.json")


@pytest.mark.parametrize(
    ("value", "target", "least", "met"),
    [
        (1.0, 1.1, False, True),
        (1.2, 1.1, False, False),
        (1.2, 1.1, True, True),
        (1.0, 1.1, True, False),
        (None, 1.1, False, None),
        (1.0, None, False, None),
    ],
)
def test_targets_are_met_or_not(
    value: float | None, target: float | None, least: bool, met: bool | None
) -> None:
    assert Figure("w", "n", value, target=target, least=least).met is met
