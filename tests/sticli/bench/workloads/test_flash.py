"""Standing questions are answered ahead where the figures say so, and elsewhere they are not."""

import time
from collections.abc import Callable
from typing import cast

import pytest

from sticli.bench import filling, standing
from sticli.bench.report import Figure
from sticli.bench.stage import Options, Stage
from sticli.bench.workloads import flash
from sticli.client import Client
from sticli.protocol import Append

Staged = Callable[[Options], Stage]


def valued(figure: Figure) -> float:
    assert figure.value is not None
    return figure.value


def test_hits_a_feed_and_what_they_cost_others(staged: Staged) -> None:
    stage = staged(Options(engines=("flash",)))
    sizes = flash.Sizes(120, 20, 2, 0.5, 4.0, 1, 8.0)
    told = list[str]()
    with stage.engines(flash.ENGINES, filling.cells(stage, 400), sessions=4) as engines:
        flash.hits(stage, engines, sizes, told.append)
        flash.feed(stage, engines, sizes, told.append)
        flash.impact(stage, engines, sizes, told.append)
    assert len(told) == 1 + 2 * sizes.rounds
    assert not [one for run in stage.report.runs for one in run.samples if one.error]
    hits, paced, *feeds = stage.report.runs
    assert {one.source for run in (hits, paced) for one in run.samples} == {"flash"}
    assert {one.computed for run in (hits, paced) for one in run.samples} == {0}
    assert len(hits.samples) == len(paced.samples) == sizes.hits
    others = [run for run in feeds if "questions" in run.case]
    assert [run.case["questions"] for run in others] == [0, 8, 8, 0]
    assert {one.source for run in others for one in run.samples} == {"live"}  # it stands nowhere
    found = {figure.name: figure for figure in stage.report.figures}
    for place, target in (("p50", 1.0), ("p99", 1.35)):
        figure = found[f"fresh flash answer through the client: {place}"]
        assert figure.target == target
        assert valued(figure) > 0
        assert figure.detail == "20 of 20 asks were answered ahead, at 120 cells"
    asked = [one.source for run in feeds if run not in others for one in run.samples]
    share = found["asks of a standing question that were answered ahead"]
    assert valued(share) == pytest.approx(100 * asked.count("flash") / len(asked))
    assert len(asked) == 2 * 4


def test_a_daemon_pushes_and_evaluates_together(staged: Staged) -> None:
    stage, told = staged(Options()), list[str]()
    found = list(standing.figures(stage, 200, 4, 3, told.append))
    *delays, together = found
    assert [one.unit for one in delays] == ["ms", "ms"]
    assert all(valued(one) >= 0 for one in delays)  # 0: the event overtook the reply
    assert together.target is None, "it is one of 4k sessions"
    assert valued(together) > 0
    assert told == ["push delay"] * 4 + ["evaluated together"] * 3


def test_a_late_answer_is_no_missing_one(staged: Staged, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        """Its answer comes after the time in which most do."""

        def append(self, _name: str, _lines: Append) -> object:
            return taken

    def evaluated(_client: Client) -> None:
        listener.news.put(standing.News(time.perf_counter() + 5.0, 3))

    taken = type("Taken", (), {"version": 3})()
    client = cast(Client, Slow())
    listener = standing.Listener(client, "standing")
    monkeypatch.setattr(standing, "UNCHANGED", 0.01)
    monkeypatch.setattr(standing, "_fresh", evaluated)
    delay = standing._push(client, listener, filling.market(staged(Options()), 1))
    assert delay is not None
    assert delay > 4.0


def test_questions_that_stand_differ_from_the_one_that_is_asked_beside_them() -> None:
    assert len({*standing.QUESTIONS, standing.OTHER}) == 9
