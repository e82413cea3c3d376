"""The stream is the same for all engines, grows as it says, and what each computes is no secret."""

from collections.abc import Callable

import pytest

from sticli.bench.report import Sample
from sticli.bench.stage import Options, Stage
from sticli.bench.workloads import stream
from sticli.errors import SticliError

LIVE, REUSE, STATELESS = "sticli live", "llama.cpp reuse", "llama.cpp stateless"
TAIL = 7  # tokens of the question
LINE = 20  # tokens of one, at most
Staged = Callable[[Options], Stage]


def test_engines_are_asked_the_same_and_compute_what_they_must(staged: Staged) -> None:
    options = Options(
        engines=("live", "reuse", "stateless"), contexts=(300,), deltas=(30, 200), rounds=3
    )
    stage = staged(options)
    stream.run(stage)
    runs = stage.report.runs
    assert [run.engine for run in runs] == [
        *(LIVE, REUSE, STATELESS),
        *(REUSE, STATELESS, LIVE),
        *(STATELESS, LIVE, REUSE),
    ]
    assert {repr(run.case) for run in runs} == {"{'context': 300, 'delta': 30}"}
    assert [sample.error for run in runs for sample in run.samples] == [""] * 9
    by_engine = {
        name: [sample for run in runs if run.engine == name for sample in run.samples]
        for name in (LIVE, REUSE, STATELESS)
    }
    for whole, reused in zip(by_engine[STATELESS], by_engine[REUSE], strict=True):
        assert whole.computed == whole.prompt
        assert reused.computed is not None
        assert reused.computed <= 30 + 2 * LINE + TAIL
    for sample, begin in zip(by_engine[STATELESS], (300, 330, 300), strict=True):
        if not sample.unseen:  # 360 would be too far, so that a new session takes its place
            assert begin - LINE <= sample.prompt - TAIL < begin + LINE
    assert {sample.computed for sample in by_engine[LIVE]} == {TAIL}
    for name in (LIVE, REUSE):
        _agree(by_engine[name], by_engine[STATELESS])
    _told(stage)


def _agree(samples: list[Sample], others: list[Sample]) -> None:
    """After the same lines all is equal; on a busy machine a question may come before a line."""
    pairs = [(a, b) for a, b in zip(samples, others, strict=True) if a.lines == b.lines]
    assert pairs
    for one, other in pairs:
        assert (one.prompt, one.answer) == (other.prompt, other.answer)


def _told(stage: Stage) -> None:
    """A figure for each other engine; targets are for contexts that are large."""
    case = "ask at 300 tokens, delta 30: live, times as fast as"
    assert [one.name for one in stage.report.figures] == [f"{case} {REUSE}", f"{case} {STATELESS}"]
    for figure in stage.report.figures:
        assert figure.least
        assert figure.value is not None
        assert figure.target is None
    assert len(set(stage.report.notes)) == len(stage.report.notes) == 3


def test_p1_asks_for_a_short_and_a_longer_answer_after_each_candle(
    staged: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CANDLES", (9, 16))
    stage = staged(Options(preset="p1", engines=("reuse",), rounds=2, rate=10.0))
    stream.run(stage)
    cases = [
        (run.case["candles"], run.case["context"], run.case["tokens"]) for run in stage.report.runs
    ]
    assert cases == [
        (count, 1 + 32 * count, tokens) for count in (9, 16) for tokens in (1, 16) for _ in range(2)
    ]
    for run in stage.report.runs:
        (sample,) = run.samples
        tail = len(stage.prompter.tail(sample.question))
        context, most = int(run.case["context"]), int(run.case["tokens"])
        assert sample.tokens <= most
        if not sample.unseen:  # on a busy machine the candle may come after the question
            assert context <= sample.prompt - tail <= context + 32
            assert sample.computed in (16 + tail, 32 + tail)
    assert not stage.report.figures  # nothing of ours took part


def test_a_context_that_does_not_fit_is_refused_before_anything_starts(staged: Staged) -> None:
    for options in (Options(contexts=(4096,)), Options(preset="p1")):
        stage = staged(options)
        with pytest.raises(SticliError, match="made for 1,024") as caught:
            stream.run(stage)
        assert caught.value.code == "bad_request"
        assert not stage.report.engines
    with pytest.raises(SticliError, match="no delta fits"):
        stream.run(staged(Options(contexts=(256,), deltas=(1024,))))
