"""The training loop: it learns, it repeats, and it continues where it stopped."""

import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sticli.demo.learning import recipe, train
from sticli.demo.learning.packing import make_batch


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "WARMUP", 2)
    torch.set_num_threads(1)
    monkeypatch.setattr(recipe, "STAGES", (recipe.Stage(0.0, ((2, 48, 64),)),))


@pytest.mark.usefixtures("tiny")
def test_a_few_steps_lower_the_loss_on_new_feeds() -> None:
    run, batch = train.start(1, 100), make_batch(random.Random(0), 4, 48, 64)

    def loss() -> float:
        with torch.no_grad():
            logits = train.answers(run.model, batch)
        return float(torch.nn.functional.cross_entropy(logits, batch.targets))

    before = loss()
    for _ in range(6):
        train.advance(run)
    assert loss() < 0.8 * before
    answered = (hits for kind, hits in run.tally.items() if " " not in kind)  # and not probed
    assert sum(map(len, answered)) > 10


@pytest.mark.usefixtures("tiny")
def test_a_batch_without_answers_teaches_none(monkeypatch: pytest.MonkeyPatch) -> None:
    run = train.start(1, 100)
    known = run.model.output.weight.detach().clone()
    monkeypatch.setattr(recipe, "STAGES", (recipe.Stage(0.0, ((1, 4, 64),)),))
    assert train.advance(run) == 0.0
    assert torch.equal(run.model.output.weight, known)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("name", ["MARKED", "POINTED", "BOUND"])
def test_probes_and_pointers_teach_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = make_batch(random.Random(0), 8, 160, 96)
    with_it, without = train.start(1, 100), train.start(1, 100)
    train.advance(with_it, batch)
    monkeypatch.setattr(train, name, 0.0)
    train.advance(without, batch)
    embeddings = [run.model.embedding.weight for run in (with_it, without)]
    assert not torch.equal(*embeddings)


@pytest.mark.usefixtures("tiny")
def test_a_resumed_run_goes_on_as_if_never_stopped(tmp_path: Path) -> None:
    whole = train.start(3, 50)
    losses = [train.advance(whole) for _ in range(4)]
    half = train.start(3, 50)
    assert [train.advance(half) for _ in range(2)] == pytest.approx(losses[:2], rel=1e-3)
    train.save(half, tmp_path / "checkpoint.pt")
    again = train.load(tmp_path / "checkpoint.pt")
    assert again.step == 2
    assert torch.equal(again.probes.digits.weight, half.probes.digits.weight)
    assert [train.advance(again) for _ in range(2)] == pytest.approx(losses[2:], rel=1e-2)


@pytest.mark.usefixtures("tiny")
def test_the_command_overwrites_no_run_and_keeps_its_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: str) -> None:
        monkeypatch.setattr(sys, "argv", ["train", "--out", str(tmp_path), *words])
        train.main()

    call("--steps", "1", "--scale", "2", "--threads", "1")
    with pytest.raises(SystemExit):
        call("--steps", "1")
    assert "go on with --resume" in capsys.readouterr().err
    call("--steps", "2", "--resume", "--threads", "1")
    found = train.load(tmp_path / "checkpoint.pt")
    assert (found.step, found.scale) == (2, 2)


def test_batches_drawn_ahead_by_others_are_the_same() -> None:
    run = train.start(3, 4)
    run.step = 1
    told = [list(train.batches(run, workers)) for workers in (0, 1)]
    assert [len(batches) for batches in told] == [3, 3]
    assert all(torch.equal(a.ids, b.ids) for a, b in zip(*told, strict=True))
    assert all(a.kinds == b.kinds for a, b in zip(*told, strict=True))


def test_other_tokens_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train.save(train.start(3, 50), tmp_path / "checkpoint.pt")
    monkeypatch.setattr(train.vocabulary, "TOKENS", train.vocabulary.TOKENS[:-1])
    with pytest.raises(ValueError, match="other tokens"):
        train.load(tmp_path / "checkpoint.pt")


@pytest.mark.usefixtures("tiny")
def test_other_probes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    train.save(train.start(3, 50), path)
    state = torch.load(path, weights_only=True)
    del state["probes"]["roles.weight"]
    torch.save(state, path)
    with pytest.raises(ValueError, match="another version"):
        train.load(path)


@pytest.mark.usefixtures("tiny")
def test_a_run_of_another_shape_is_continued_as_it_was(tmp_path: Path) -> None:
    small = replace(train.start(3, 50).model.shape, layers=5, hidden=96)
    train.save(train.start(3, 50, shape=small), tmp_path / "checkpoint.pt")
    assert train.load(tmp_path / "checkpoint.pt").model.shape == small


def test_the_schedule_grows_the_feeds_and_lowers_the_rate() -> None:
    lengths = [recipe.sizes(step, 1000)[1] for step in range(1000)]
    assert max(lengths[:50]) < 256
    assert max(lengths[:150]) < max(lengths[:500]) < max(lengths) == 8192
    rates = [recipe.rate(step, 1000) for step in range(1000)]
    assert 0.9 * recipe.PEAK < max(rates) <= recipe.PEAK
    assert rates[-1] < 0.05 * recipe.PEAK
    assert rates[0] < 0.05 * recipe.PEAK
