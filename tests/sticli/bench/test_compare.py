"""Two reports: a change is told, the mood of a machine is not."""

import io
from typing import Any

import msgspec
import pytest

from sticli.bench.compare import Comparison, compare
from sticli.bench.report import Figure, Report
from sticli.bench.views import differences
from tests.sticli.bench.found import CASES, empty, found

MARGIN = 0.05


def verdicts(comparison: Comparison, engine: str) -> set[str]:
    return {one.verdict for one in comparison.lines if one.engine == engine}


def test_a_slower_machine_is_no_regression() -> None:
    comparison = compare(found(), found(seed=2, machine=1.6), MARGIN)
    assert verdicts(comparison, "sticli live") == {"same"}
    assert verdicts(comparison, "bare") == {"floor"}
    assert comparison.slower == []
    assert all(one.plain.value > 1.4 for one in comparison.lines)


@pytest.mark.parametrize(("factor", "verdict"), [(1.3, "slower"), (0.7, "faster")])
def test_a_change_of_ours_is_told_whatever_the_machine_does(factor: float, verdict: str) -> None:
    comparison = compare(found(), found(seed=2, slower=factor, machine=1.6), MARGIN)
    assert verdicts(comparison, "sticli live") == {verdict}
    assert verdicts(comparison, "llama.cpp reuse") == {"same"}
    for one in comparison.lines:
        if one.engine == "sticli live":
            assert one.over is not None
            assert one.over.value == pytest.approx(factor, rel=0.05)
            assert one.floor == "bare"


def test_without_a_floor_plain_times_are_compared() -> None:
    only = {"sticli live": 1.0}
    comparison = compare(found(engines=only), found(engines=only, slower=2.0), MARGIN)
    assert verdicts(comparison, "sticli live") == {"slower"}
    assert {one.over for one in comparison.lines} == {None}


def test_a_report_against_itself_is_the_same() -> None:
    comparison = compare(found(), found(), MARGIN)
    assert {one.plain.value for one in comparison.lines} == {1.0}
    assert comparison.differences == []
    assert len(comparison.lines) == len(CASES) * 4 * 2, "first and last of four engines"


def test_too_few_samples_give_no_verdict() -> None:
    few = [keep_two(found()), keep_two(found(slower=3.0))]
    comparison = compare(few[0], few[1], MARGIN)
    assert verdicts(comparison, "sticli live") == {"unclear"}


def keep_two(report: Report) -> Report:
    report.runs = [
        msgspec.structs.replace(run, samples=run.samples[:2])
        for run in report.runs
        if run.round == 0
    ]
    return report


def test_what_only_one_has_is_left_out() -> None:
    other = found(engines={"sticli live": 1.0, "vllm": 2.0})
    assert {one.engine for one in compare(found(), other, MARGIN).lines} == {"sticli live"}
    assert compare(found(), empty(), MARGIN).lines == []


def test_what_else_differs_is_named() -> None:
    other = found(seed=2)
    other.machine["cores"] = "8 of 8"
    other.versions["llama-cpp-python"] = "0.3.99"
    assert compare(found(), other, MARGIN).differences == [
        "machine, cores: 2 of 2 → 8 of 8",
        "versions, llama-cpp-python: none → 0.3.99",
        "seed: 1 → 2",
    ]


@pytest.mark.parametrize(
    ("least", "after", "verdict"),
    [
        (False, 1.5, "worse"),
        (True, 1.5, "better"),
        (False, 0.5, "better"),
        (True, 0.5, "worse"),
        (False, 1.02, "unclear"),
    ],
)
def test_a_figure_moved_when_the_intervals_are_apart(
    least: bool, after: float, verdict: str
) -> None:
    reports = []
    for value in (1.0, after):
        report = empty()
        report.figures.append(
            Figure("w", "f", value, least=least, low=value - 0.05, high=value + 0.05)
        )
        reports.append(report)
    (pair,) = compare(reports[0], reports[1], MARGIN).figures
    assert pair.verdict == verdict


def test_it_is_shown_and_is_json() -> None:
    comparison = compare(found(), found(seed=2, slower=1.3), MARGIN)
    stream = io.StringIO()
    differences.show(comparison, stream)
    shown = stream.getvalue()
    assert "seed: 1 → 2" in shown
    assert "8 slower, 0 faster, 16 same, 0 unclear" in shown
    made: Any = msgspec.json.decode(msgspec.json.encode(comparison))
    assert made["schema_version"] == 1
    assert len(made["lines"]) == len(comparison.lines)
