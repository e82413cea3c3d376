"""Past the limit every window moves alike, and a prefix cache computes its whole prompt anew."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from sticli.bench.report import Sample
from sticli.bench.stage import Options, Stage
from sticli.bench.workloads import window
from sticli.errors import SticliError

LIVE, REUSE, STATELESS = "sticli live", "llama.cpp reuse", "llama.cpp stateless"
TAIL = 7  # tokens of the question
Staged = Callable[[Options], Stage]


def test_a_move_costs_a_prefix_cache_everything(staged: Staged) -> None:
    stage = staged(
        Options(engines=("live", "reuse", "stateless"), contexts=(256,), deltas=(40,), rounds=2)
    )
    window.run(stage)
    runs = stage.report.runs
    found = {
        name: [sample for run in runs if run.engine == name for sample in run.samples]
        for name in (LIVE, REUSE, STATELESS)
    }
    assert not any(sample.error for samples in found.values() for sample in samples)
    _recomputed(found[REUSE])
    moves = window.moved(found[STATELESS])
    assert moves
    _agree(found[REUSE], found[STATELESS])
    for ours, theirs in zip(found[LIVE], found[STATELESS], strict=True):
        assert ours.computed == TAIL  # also while the window moves
        if ours.lines == theirs.lines:
            assert ours.prompt >= theirs.prompt  # of the window before, perhaps
    _agree(found[LIVE], found[STATELESS])
    names = [figure.name for figure in stage.report.figures]
    assert names == [
        f"ask past 256 cells, delta 40: live, times as fast as {engine}{when}"
        for engine in (REUSE, STATELESS)
        for when in ("", ", right after a move")
    ]


def _recomputed(samples: list[Sample]) -> None:
    """With prefix reuse what was there before costs nothing, and after a move all of it."""
    after = window.moved(samples)
    assert after
    for place, (before, now) in enumerate(pairwise(samples), 1):
        assert now.computed is not None
        if place in after:
            assert now.computed >= now.prompt - 20  # a line may begin as the one that is gone
        else:
            assert now.computed <= now.prompt - (before.prompt - TAIL)


def _agree(samples: list[Sample], others: list[Sample]) -> None:
    """Equal prompts have equal answers; on a busy machine one may come before its lines do."""
    pairs = [
        (a.answer, b.answer)
        for a, b in zip(samples, others, strict=True)
        if (a.lines, a.prompt) == (b.lines, b.prompt)
    ]
    assert pairs
    assert all(one == other for one, other in pairs)


def test_a_limit_that_does_not_fit_is_refused(staged: Staged) -> None:
    with pytest.raises(SticliError, match="made for 1,024"):
        window.run(staged(Options(contexts=(8192,))))


def test_a_move_is_seen_in_the_prompts() -> None:
    prompts = [100, 120, 60, 80, 0, 50]
    samples = [Sample("s", "?", prompt=one, error="" if one else "lost") for one in prompts]
    assert window.moved(samples[:4]) == [2]
    assert window.moved([]) == []
    assert window.moved(samples) == [2]
