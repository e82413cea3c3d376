"""Decisions are asked where the truth is known, and judged by the daemon's own leads."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sticli.bench import filling
from sticli.bench.home import daemon
from sticli.bench.stage import Options, Stage
from sticli.bench.workloads import decisions, flash
from sticli.calibration.curve import Curve
from sticli.errors import SticliError

Staged = Callable[[Options], Stage]


@settings(max_examples=25)
@given(some.integers(0, 2**31), some.integers(1, 20))
def test_the_truth_of_a_trend_is_in_its_lines(seed: int, points: int) -> None:
    found = decisions.trend(seed, points)
    assert len(found.points) == points
    for point in found.points:
        first, last = (float(point.lines[place].split()[-1]) for place in (0, -1))
        assert point.truth == ("up" if last > first else "down")


@settings(max_examples=25)
@given(some.integers(0, 2**31), some.integers(1, 20))
def test_the_truth_of_a_state_is_the_last_that_the_log_tells(seed: int, points: int) -> None:
    found = decisions.state(seed, points)
    service = found.text.removeprefix("state of ").removesuffix("?")
    last = ""
    for point in found.points:
        for line in point.lines:
            _, name, *record = line.split()
            last = record[0] if name == service and record[0] in found.choices else last
        assert point.truth == last


def test_a_decision_is_read_off_or_decoded_and_both_say_the_same(staged: Staged) -> None:
    stage, told = staged(Options()), list[str]()
    task = decisions.state(1, 12)
    task = replace(task, points=task.points[:4])
    with stage.engines(decisions.QUICK, filling.cells(stage, 4096)) as engines:
        decisions.asked(stage, engines, task, "p3", told.append)
    assert len(told) == 4
    by = {run.engine: [] for run in stage.report.runs}
    for run in stage.report.runs:
        assert run.case == {"task": "state", "tokens": 8, "preset": "p3"}
        by[run.engine] += run.samples
    ready, live = by["sticli ready"], by["sticli live"]
    assert [one.answer for one in ready] == [one.answer for one in live]
    assert {one.answer for one in live} <= set(task.choices)
    sure = sum(one.source == "ready" for one in ready)
    found = {figure.name: figure for figure in stage.report.figures}
    over = found["state: read off a prepared decision, over decoding live"]
    assert f"{sure} of 4 were sure" in over.detail
    differ = found["state: decisions read off that differ from the decoded answer"]
    assert (differ.value, differ.met) == (0.0, True)


def test_the_gap_is_judged_on_known_feeds(staged: Staged) -> None:
    stage = staged(Options())
    task = decisions.state(2, 10)
    with daemon(str(stage.model.path)) as client:
        found = decisions.decided(client, task, 600)
        assert not client.sessions()
    assert [one.truth for one in found] == [point.truth for point in task.points]
    figures = [one for row in Curve(found).rows((0.0, 2.0)) for one in decisions.of_row("s", row)]
    assert figures[0].name == "s: coverage at gap 0"
    assert figures[0].value is not None
    for figure in figures:
        assert figure.low is not None
        assert figure.high is not None
        assert figure.value is not None
        assert 0 <= figure.low <= figure.value <= figure.high <= 100


def test_the_preset_is_about_decisions_only(staged: Staged) -> None:
    stage = staged(Options(preset="p3", engines=("nobody",)))
    with pytest.raises(SticliError, match="nobody"):
        flash.run(stage)
    assert not stage.report.figures
