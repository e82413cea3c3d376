"""Training for a feed of one's own, as small as it gets."""

import importlib.util
import json
import os
from pathlib import Path

import pytest
import torch

from sticli import cli
from sticli.demo.learning import circuits, own, recipe, retrain, train, vocabulary
from sticli.demo.learning.export import export
from sticli.demo.learning.model import Model, Shape
from sticli.demo.learning.restore import restore
from sticli.demo.learning.retrain import Order
from sticli.errors import SticliError

SMALL = Shape(len(vocabulary.TOKENS), width=64, layers=2, heads=2, hidden=96)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small model, short feeds, a short examination, and no threads that wait for each other."""
    monkeypatch.setattr(train, "Shape", lambda *sizes, **more: SMALL)
    monkeypatch.setattr(circuits, "initialise", lambda model: None)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(recipe, "STAGES", (recipe.Stage(0.0, ((2, 64, 64),)),))
    for name, value in (("FEEDS", 2), ("LONGEST", 256), ("QUESTIONS", 2)):
        monkeypatch.setattr(retrain, name, value)


def order(out: Path, minutes: float = 0.002, *, resume: bool = False) -> Order:
    return Order(out, minutes, 1, resume, scratch=True)


@pytest.mark.parametrize("whole", [False, True])
def test_an_exported_model_comes_back(tmp_path: Path, whole: bool) -> None:
    torch.manual_seed(3)
    model = Model(SMALL)
    export(model, tmp_path / "it.gguf", whole=whole)
    again = dict(restore(tmp_path / "it.gguf").named_parameters())
    for name, parameter in model.named_parameters():
        # Q8_0 keeps the largest of 32 numbers to 1 in 127; the error is half a step at most.
        most = 0 if whole else parameter.abs().max() / 127
        assert (again[name] - parameter).abs().max() <= most, name


def test_a_model_of_other_tokens_is_not_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(Model(SMALL), tmp_path / "it.gguf")
    monkeypatch.setattr(vocabulary, "TOKENS", vocabulary.TOKENS[:-1])
    with pytest.raises(SticliError) as caught:
        restore(tmp_path / "it.gguf")
    assert caught.value.code == "model"


def test_training_begins_with_the_embedded_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(SMALL)
    export(model, tmp_path / "embedded.gguf", whole=True)
    monkeypatch.setattr(retrain, "MODEL", tmp_path / "embedded.gguf")
    wanted, make = (
        Order(tmp_path / "mine", 1, 5, resume=False, scratch=False),
        own.load(own.EXAMPLE),
    )
    run, again = retrain.begin(wanted, make), retrain.begin(wanted, make)
    assert (run.model.shape, run.step, run.seed) == (SMALL, 800, 5)
    assert torch.equal(run.model.output.weight, model.output.weight)
    assert torch.equal(run.probes.wholes.weight, again.probes.wholes.weight)


@pytest.mark.usefixtures("tiny")
def test_a_run_ends_its_schedule_and_another_goes_on(tmp_path: Path) -> None:
    make, said = own.load(own.EXAMPLE), list[str]()
    run = retrain.begin(order(tmp_path), make)
    retrain.learn(run, order(tmp_path), said.append)
    assert len(said) == run.step > 0
    assert run.step == 1 or run.step / run.steps > 0.9
    with pytest.raises(SticliError) as caught:
        retrain.begin(order(tmp_path), make)
    assert caught.value.code == "exists"
    longer = order(tmp_path, 2 * run.seconds / 60, resume=True)
    again = retrain.begin(longer, make)
    assert (again.step, again.seconds) == (run.step, run.seconds)
    again.step, again.steps, rates = 100, 100, list[float]()
    retrain.learn(again, longer, lambda _: rates.append(recipe.rate(again.step, again.steps)))
    assert again.step > 100
    assert rates[0] > 0.05 * recipe.PEAK  # and not at the rate that the first one ended with
    with pytest.raises(SticliError) as caught:
        retrain.begin(order(tmp_path / "none", resume=True), make)
    assert caught.value.code == "not_found"


@pytest.mark.usefixtures("tiny")
def test_an_interruption_leaves_a_run_to_go_on_with(tmp_path: Path) -> None:
    make, wanted = own.load(own.EXAMPLE), order(tmp_path, 60)

    def interrupted(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retrain.learn(retrain.begin(wanted, make), wanted, interrupted)
    assert retrain.begin(order(tmp_path, resume=True), make).step == 1


def test_a_model_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"mine")
    with pytest.raises(SticliError, match="exists"):
        retrain.begin(order(tmp_path), own.load(own.EXAMPLE))


@pytest.mark.usefixtures("tiny")
def test_a_run_of_other_tokens_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, make = order(tmp_path), own.load(own.EXAMPLE)
    train.save(retrain.begin(wanted, make), wanted.checkpoint)
    monkeypatch.setattr(vocabulary, "TOKENS", vocabulary.TOKENS[:-1])
    with pytest.raises(SticliError, match="another version"):
        retrain.begin(order(tmp_path, resume=True), make)


@pytest.mark.usefixtures("tiny")
def test_the_command_trains_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "--feed",
        str(own.EXAMPLE),
        "--out",
        str(tmp_path / "mine"),
        "--minutes",
        "0.01",
        "--seed",
        "3",
    ]
    assert cli.run(["--json", "demo", "train", *words, "--from", "scratch"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["asked"] == sum(one["asked"] for one in found["kinds"].values()) > 0
    assert set(found["kinds"]) <= {"open_doors", "door_state"}
    assert 0 <= found["low"] <= found["accuracy"] <= found["high"] <= 1
    assert Path(found["model"]).read_bytes()[:4] == b"GGUF"


def test_what_cannot_be_trained_is_refused_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = ["--out", str(tmp_path / "mine")]
    assert cli.run(["demo", "train", "--feed", str(tmp_path / "no.py"), *out]) != 0
    assert "no file" in capsys.readouterr().err
    feed = ["--feed", str(own.EXAMPLE)]
    assert cli.run(["demo", "train", *feed, *out, "--from", "nowhere"]) != 0
    assert "embedded or scratch" in capsys.readouterr().err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.run(["demo", "train", *feed, *out]) != 0
    assert "`pip install 'torch" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()
