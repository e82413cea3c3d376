"""A mean is of the weights alone, and of models that are alike."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sticli.demo.learning import average, train, vocabulary
from sticli.demo.learning.model import Shape

SHAPE = Shape(len(vocabulary.TOKENS), width=64, layers=2, heads=2, hidden=96)


def saved(path: Path, shape: Shape, fill: float, step: int) -> Path:
    run = train.begin(train.Model(shape), 1, 10)
    with torch.no_grad():
        for parameter in run.model.parameters():
            parameter.fill_(fill)
    run.step = step
    train.save(run, path)
    return path


def test_weights_are_the_mean_and_the_rest_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [saved(tmp_path / f"{at}.pt", SHAPE, value, at) for at, value in enumerate((1, 2, 6))]
    words = ["average", *map(str, paths), "--out", str(tmp_path / "mean.pt")]
    monkeypatch.setattr("sys.argv", words)
    average.main()
    found = train.load(tmp_path / "mean.pt")
    assert found.step == 2
    assert all(bool((parameter == 3).all()) for parameter in found.model.parameters())


def test_other_shapes_are_refused(tmp_path: Path) -> None:
    one = saved(tmp_path / "one.pt", SHAPE, 1, 1)
    other = saved(tmp_path / "other.pt", replace(SHAPE, layers=3), 1, 1)
    with pytest.raises(ValueError, match="several shapes"):
        average.average([one, other], tmp_path / "mean.pt")
    assert not (tmp_path / "mean.pt").exists()
