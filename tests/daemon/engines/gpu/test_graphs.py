"""Recorded passes: another number of tokens in the same memory gives what a pass of its own gives.

On a CPU a pass is "replayed" by computing it anew from that memory.
"""

import random
from collections.abc import Callable

import pytest
import torch

from sticli.daemon.engines.base import Plan, Row, Seq
from sticli.daemon.engines.gpu import graphs, work
from sticli.daemon.engines.gpu.batch import Inputs
from sticli.daemon.engines.gpu.engine import Gpu
from sticli.daemon.engines.gpu.graphs import Outcome, Replay, Size
from sticli.daemon.engines.gpu.model import Model
from sticli.daemon.engines.gpu.passes import REHEARSED, Passes
from tests.daemon.engines.conftest import poison

replayed: list[int] = []  # tokens of the passes that were


def rerun(call: Callable[[], Outcome]) -> tuple[Outcome, Replay]:
    outcome = call()

    def replay() -> None:
        replayed.append(len(outcome[0]))
        for old, new in zip(outcome, call(), strict=True):
            old.copy_(new)

    return outcome, replay


@pytest.fixture(params=["tiny", "windowed"])
def model(request: pytest.FixtureRequest, on_torch: dict[str, Model]) -> Model:
    return on_torch[request.param]


def both(model: Model) -> tuple[Gpu, Gpu]:
    """An engine that records its passes, as it can, and one whose passes run as they come."""
    recorder = rerun if model.device.type == "cpu" else None
    recorded, plain = Gpu(model, 4096, "f16", {}, recorder=recorder), Gpu(model, 4096, "f16", {})
    plain._passes._graphs = None
    for engine in (recorded, plain):
        poison(engine)
    return recorded, plain


def test_every_size_is_recorded_once() -> None:
    found = list(graphs.sizes())
    assert len(set(found)) == len(found)
    assert found[0].tokens == max(graphs.TOKENS)
    assert {Size(tokens, tokens) for tokens in graphs.TOKENS} <= set(found)


def test_recorded_passes_equal_others(model: Model) -> None:
    rng = random.Random(3)
    engines = both(model)
    seqs = [tuple(engine.open(1300) for engine in engines) for _ in range(3)]
    forks: list[tuple[Seq, ...]] = []
    for _ in range(25):
        if rng.random() < 0.5:
            pair = rng.choice(seqs)
            length = rng.randint(0, engines[0].length(pair[0]))
            forks.append(tuple(e.fork(s, length) for e, s in zip(engines, pair, strict=True)))
        chosen = rng.sample(seqs + forks, rng.randint(1, min(6, len(seqs + forks))))
        texts = [[rng.randrange(256) for _ in range(rng.choice([1, 1, 1, 5, 30]))] for _ in chosen]
        wants = [rng.choice(["none", "last", "all"]) for _ in chosen]
        outputs = [
            engine.run(
                Plan(
                    tuple(
                        Row(pair[at], text, engine.length(pair[at]), want)  # type: ignore[arg-type]
                        for pair, text, want in zip(chosen, texts, wants, strict=True)
                    )
                )
            ).logits
            for at, engine in enumerate(engines)
        ]
        near = 0.02 if model.device.type == "cpu" else 0.25  # bf16, and products in another order
        for found, expected in zip(*outputs, strict=True):
            if expected is None:
                assert found is None
            else:
                torch.testing.assert_close(
                    torch.from_numpy(found), torch.from_numpy(expected), rtol=0, atol=near
                )
    assert model.device.type == "cuda" or len(replayed) > 10
    for engine in engines:
        engine.check()


def test_passes_are_rehearsed_with_lists_as_others_have(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[tuple[int, int], int] = {}  # by tokens and wanted: rows of results of attention
    forward = Passes._forward

    def watched(self: Passes, given: Inputs) -> Outcome:
        rows = [item.items.shape[0] * item.tiles.shape[1] for item in given.works.values()]
        seen[len(given.tokens), len(given.wanted)] = max(rows)
        return forward(self, given)

    monkeypatch.setattr(Passes, "_forward", watched)
    Gpu(model, 640, "f16", {}, recorder=rerun).close()
    for tokens, wanted in REHEARSED:
        assert 0 < seen[tokens, wanted] <= 2 * tokens + work.ROWS * (wanted + 2)


def test_a_pass_that_no_size_holds_runs_as_it_comes(model: Model) -> None:
    recorded, plain = both(model)
    tokens = [n % 250 for n in range(max(graphs.TOKENS) + 9)]
    before = len(replayed)
    found, expected = (
        engine.run(Plan((Row(engine.open(200), tokens, 0, "last"),))).logits[0]
        for engine in (recorded, plain)
    )
    assert len(replayed) == before
    assert found is not None
    assert expected is not None
    assert abs(found - expected).max() < 0.02


def test_tables_that_do_not_fit_run_as_they_come(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "ENTRIES", 2)
    recorded, plain = both(model)
    seqs = [engine.open(600) for engine in (recorded, plain)]
    for _ in range(6):
        found, expected = (
            engine.run(Plan((Row(seq, [65] * 50, engine.length(seq), "last"),))).logits[0]
            for engine, seq in zip((recorded, plain), seqs, strict=True)
        )
        assert found is not None
        assert expected is not None
        assert abs(found - expected).max() < 0.02
