"""Agents' turns are the same for all engines, and no answer is given before its result is read."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sticli.bench.report import Run
from sticli.bench.stage import Options, Stage
from sticli.bench.workloads import agents
from sticli.errors import SticliError

LIVE, REUSE = "sticli live", "llama.cpp reuse"
Staged = Callable[[Options], Stage]


def test_every_engine_answers_the_same_turns(
    staged: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "TOOL", 0.01)
    stage = staged(Options(engines=("live", "reuse"), turns=(2,), quick=True))
    agents.run(stage)
    runs = stage.report.runs
    assert [(run.engine, run.case["tenants"], run.round) for run in runs] == [
        (name, together, round)
        for together in (1, 3)
        for round, names in enumerate(((LIVE, REUSE), (REUSE, LIVE)))
        for name in names
    ]
    assert [len(run.samples) for run in runs] == [1, 1, 1, 1, 3, 3, 3, 3]
    assert [sample.error for run in runs for sample in run.samples] == [""] * 16
    for ours, theirs in _pairs(runs):
        for mine, other in zip(ours.samples, theirs.samples, strict=True):
            assert (mine.session, mine.lines, mine.prompt) == (
                other.session,
                other.lines,
                other.prompt,
            )
            assert mine.unseen == other.unseen == 0
            assert mine.computed is not None
            assert other.computed is not None
            assert other.computed < other.prompt / 2  # its cache is warm
            assert mine.computed <= other.computed  # some of it may have been read before
    assert [figure.name for figure in stage.report.figures] == [
        f"{what}, 2 turns, {together} at once: live, times as fast as {REUSE}"
        for together in (1, 3)
        for what in ("turn to its end", "conversation")
    ]
    assert all(figure.least and figure.value for figure in stage.report.figures)


def _pairs(runs: list[Run]) -> list[tuple[Run, Run]]:
    """The runs of one schedule: ours, theirs."""
    found = {(run.engine, run.case["tenants"], run.round): run for run in runs}
    mine = [run for run in runs if run.engine == LIVE]
    return [(run, found[REUSE, run.case["tenants"], run.round]) for run in mine]


def test_what_does_not_fit_is_left_out_or_refused(staged: Staged) -> None:
    stage = staged(Options(preset="p2", rounds=1))
    plans = agents.plans(stage)
    assert [(plan.turns, plan.together) for plan in plans] == [(6, 1), (6, 3)]
    assert all(plan.case["preset"] == "p2" for plan in plans)
    assert "35 turns take" in stage.report.notes[0]
    for options, message in (
        (Options(turns=(35,)), "no conversation fits the 1,024 tokens"),
        (Options(tenants=(4, 8)), "4, 8 agents at once: there are 3"),
    ):
        with pytest.raises(SticliError, match=message):
            agents.plans(staged(options))


def test_a_larger_model_gets_longer_results_and_all_the_turns(staged: Staged) -> None:
    small = staged(Options(tenants=(1, 3, 64)))
    stage = replace(small, model=replace(small.model, context=1 << 17))
    plans = agents.plans(stage)
    assert [(plan.turns, plan.together) for plan in plans] == [(6, 1), (6, 3), (35, 1), (35, 3)]
    assert {plan.case["rows"] for plan in plans} == {4}
    sides = [[len(side) for side in plan.sides] for plan in plans]
    assert sides == [[1] * 9, [3] * 3, [1] * 3, [3]]  # short conversations several times
    assert len({side[0].turns for side in plans[0].sides}) == 9  # and anew
    for plan in plans:
        context = plan.case["context"]
        assert isinstance(context, int)
        assert context < plan.cells < 1.5 * context
