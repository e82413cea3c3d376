"""Figures of one engine against another say what the samples say."""

import pytest

from sticli.bench.against import by_engine, faster
from sticli.bench.report import Report, Run, Sample, Usage


def _samples(*firsts: float, unseen: int = 0, lines: int = 9) -> list[Sample]:
    return [Sample("s", "?", "a", first=one, unseen=unseen, lines=lines) for one in firsts]


def test_it_is_their_time_over_ours_pair_by_pair() -> None:
    ours = _samples(1.0, 2.0, 10.0, 1.0, 1.0, 1.0)
    theirs = _samples(4.0, 8.0, 40.0, 100.0, 4.0, 4.0)
    figure = faster("stream", "live, times as fast as reuse", ours, theirs, 5.9)
    assert (figure.value, figure.low, figure.met) == (pytest.approx(4.0), pytest.approx(4.0), False)
    assert figure.least
    assert figure.detail == "6,000.00 over 1,000.00 ms, 6 questions"
    assert faster("stream", "live, times as fast as reuse", ours, theirs, 3.9).met


def test_answers_that_lack_lines_are_told() -> None:
    late = faster("stream", "x", _samples(1.0, 1.0, unseen=2), _samples(2.0, 2.0))
    assert late.detail.startswith("2,000.00 over 1,000.00 ms, 2 questions; 2 of ours lack lines")
    assert late.met is None


def test_who_saw_less_is_not_quicker() -> None:
    ours = [*_samples(1.0), *_samples(0.1, 0.1, unseen=1, lines=8)]
    figure = faster("stream", "x", ours, _samples(3.0, 3.0, 3.0), 5.9)
    assert figure.value == pytest.approx(3.0)
    assert figure.met is False
    assert "2 of ours lack lines" in figure.detail
    nothing = faster("stream", "x", ours[1:], _samples(3.0, 3.0), 5.9)
    assert (nothing.value, nothing.met) == (None, None)
    assert "2 of ours lack lines" in nothing.detail


def test_errors_are_no_pairs() -> None:
    ours = [*_samples(1.0), Sample("s", "?", error="full")]
    figure = faster("stream", "x", ours, _samples(3.0, 90.0))
    assert figure.value == pytest.approx(3.0)
    assert figure.detail.endswith(" 1 question; 1 of ours failed: full"), "and that is told"
    beaten = faster("stream", "x", _samples(3.0, 90.0), ours)
    assert beaten.detail.endswith("1 of theirs failed: full")
    nothing = faster("stream", "x", ours[1:], _samples(3.0), 5.9)
    assert (nothing.value, nothing.met) == (None, None)
    assert "1 of ours failed" in nothing.detail


def test_the_samples_of_a_case_come_in_order_of_rounds() -> None:
    report = Report("", "", 1, {}, {}, {}, {})
    for number, delta, first in ((1, 64, 2.0), (0, 64, 1.0), (0, 256, 9.0)):
        case = {"context": 256, "delta": delta}
        run = Run("stream", {**case}, "live", number, _samples(first), Usage(0.0))
        report.runs.append(run)
    found = by_engine(report, "stream", {"context": 256, "delta": 64})
    assert {name: [one.first for one in samples] for name, samples in found.items()} == {
        "live": [1.0, 2.0]
    }
