"""A call of the bench: what is looked at before, and what is kept however it ends."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sticli.bench import call, facts, steps
from sticli.bench.call import Call
from sticli.bench.report import Report
from sticli.bench.sizes import sizes
from sticli.bench.stage import Options, Stage
from sticli.bench.subject import Wish
from sticli.bench.workloads.catalogue import PRESETS, WORKLOADS
from sticli.errors import SticliError
from tests.sticli.bench.found import found

Workload = Callable[[Stage], None]


def one_run(stage: Stage) -> None:
    stage.record(found().runs[0])


def failing(stage: Stage) -> None:
    stage.record(found().runs[0])
    raise SticliError("busy", "no room", "wait")


def faulty(stage: Stage) -> None:
    stage.record(found().runs[0])
    raise ZeroDivisionError("division by zero")


def interrupted(stage: Stage) -> None:
    stage.record(found().runs[0])
    raise KeyboardInterrupt


def ready(monkeypatch: pytest.MonkeyPatch, **workloads: Workload) -> Call:
    monkeypatch.setattr(call, "workload", workloads.__getitem__)
    monkeypatch.setattr(call, "WORKLOADS", dict.fromkeys(workloads, "what it is"))
    monkeypatch.setattr(facts, "stolen", lambda: (0, 0))  # whatever this machine's host does
    return call.prepare("sticli bench all", Wish(), Options(quick=True))


def run(made: Call, *names: str) -> tuple[list[int], list[str]]:
    """How many runs were there whenever the report was kept, and what was told."""
    kept, told = list[int](), list[str]()

    def keep(report: Report) -> None:
        kept.append(len(report.runs))

    try:
        call.run(made, names, steps.bar(quiet=True), keep, told.append)
    except BaseException as error:
        error.args = (kept, told)
        raise
    return kept, told


def test_workloads_run_in_turn_and_each_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ready(monkeypatch, a=one_run, b=one_run)
    assert run(made, "a", "b") == ([1, 2], ["a: what it is", "b: what it is"])
    assert made.report.notes == []


def test_one_that_fails_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ready(monkeypatch, a=failing, b=one_run)
    with pytest.raises(SticliError, match="no room") as caught:
        run(made, "a", "b")
    assert caught.value.args[0] == [1, 2]
    assert made.report.notes == ["`a` failed: no room (wait)"]


def test_a_fault_of_ours_in_one_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ready(monkeypatch, a=faulty, b=one_run)
    with pytest.raises(ZeroDivisionError) as caught:
        run(made, "a", "b")
    assert caught.value.args[0] == [1, 2]
    assert made.report.notes == ["`a` failed: ZeroDivisionError: division by zero"]


@pytest.mark.parametrize(("taken", "told"), [(1, False), (30, True)])
def test_what_a_hypervisor_took_is_told(
    monkeypatch: pytest.MonkeyPatch, taken: int, told: bool
) -> None:
    made = ready(monkeypatch, a=one_run)
    times = iter([(5, 1000), (5 + taken, 1100)])
    monkeypatch.setattr(facts, "stolen", lambda: next(times))
    run(made, "a")
    assert any(f"gave {taken}% of" in note for note in made.report.notes) == told


def test_who_interrupts_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    made = ready(monkeypatch, a=interrupted, b=one_run)
    with pytest.raises(KeyboardInterrupt) as caught:
        run(made, "a", "b")
    assert caught.value.args[0] == [1], "and what follows does not run"
    assert len(made.report.runs) == 1
    assert "`a` was broken off" in made.report.notes[0]


def test_the_report_says_what_it_is_of() -> None:
    options = Options(seed=7, quick=True, contexts=(256, 512), engines=("bare", "reuse"))
    report = call.prepare("sticli bench stream", Wish(), options).report
    assert (report.command, report.seed) == ("sticli bench stream", 7)
    assert report.settings == {
        "engines": "bare, reuse",
        "contexts": "256, 512",
        "quick": "yes",
    }
    assert report.model["weights"] == "Q8_0"
    assert report.model["context"] == "8,448"
    assert report.machine["cores"]
    assert report.versions["llama-cpp-python"]


def test_a_shape_is_made_and_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STICLI_HOME", str(tmp_path))
    made = call.prepare("", Wish(shape="tiny", weights="F16"), Options())
    assert made.model.synthetic
    assert made.model.context == 131_072
    assert "synthetic" in made.report.model


@pytest.mark.parametrize(
    ("wish", "what"),
    [
        (Wish(file="a", shape="b"), "both name a model"),
        (Wish(weights="F16"), "belongs to --shape"),
        (Wish(file="/nowhere.gguf"), "no model file"),
        (Wish(shape="no-such"), "no shape"),
    ],
)
def test_a_model_that_cannot_be_had(wish: Wish, what: str) -> None:
    with pytest.raises(SticliError, match=what):
        call.prepare("", wish, Options())


def test_an_unknown_engine_is_refused_before_anything_starts() -> None:
    with pytest.raises(SticliError, match="no engine 'vllm'") as caught:
        call.prepare("", Wish(), Options(engines=("live", "vllm")))
    assert "stateless" in caught.value.hint


def test_a_preset_runs_the_workload_that_has_it() -> None:
    assert call.chosen("all", "") == [*WORKLOADS]
    assert call.chosen("window", "") == ["window"]
    for preset, name in PRESETS.items():
        assert call.chosen("all", preset) == call.chosen(name, preset) == [name]
    with pytest.raises(SticliError, match="window has no preset p1"):
        call.chosen("window", "p1")
    with pytest.raises(SticliError, match="no preset 'p9'"):
        call.chosen("all", "p9")


def test_sizes() -> None:
    assert sizes("--context", "") == ()
    assert sizes("--context", "64, 1k,16K,1m") == (64, 1024, 16384, 1048576)
    for text in ("x", "0", "1.5k", "-3", "k", "1kk", "٣"):
        with pytest.raises(SticliError, match="--context"):
            sizes("--context", text)


def test_a_log_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(steps, "SOON", 0.0)
    monkeypatch.setattr(steps, "EVERY", 0.0)
    with steps.bar(quiet=False)("stream", 3) as advance:
        for comes in ("one", "two", "three"):
            advance(comes)
    first, *between, last = capsys.readouterr().err.splitlines()
    assert first == "sticli: stream: 3 steps"
    assert [line.rsplit("; ")[1] for line in between] == ["next: one", "next: two"]
    assert "1 of 3" in between[0]
    assert last.startswith("sticli: stream: done in ")


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with steps.bar(quiet=True)("stream", 3) as advance:
        advance("one")
    assert capsys.readouterr().err == ""
