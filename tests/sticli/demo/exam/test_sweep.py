"""A sweep trains every shape alike, says what each is worth, and goes on where it was cut short."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sticli.demo.exam import sweep
from sticli.demo.exam.sweep import SHAPES, Tried, V, attempt
from sticli.demo.learning import train
from sticli.demo.learning.model import Shape

SMALL = Shape(V, layers=5, hidden=64)
SIZE = (2, 64, 96)


def test_a_shape_is_trained_asked_and_timed() -> None:
    tried = attempt("small", SMALL, 2, SIZE, (SIZE, SIZE), 1)
    again = attempt("small", SMALL, 2, SIZE, (SIZE, SIZE), 1)
    assert tried.right == again.right
    assert all(0 <= hit <= asked for hit, asked in tried.right.values())
    assert sum(asked for _, asked in tried.right.values()) > 5
    assert tried.size > V * SMALL.width
    assert tried.decode > 0


def test_every_shape_can_be_started() -> None:
    for shape in SHAPES.values():
        model = train.start(1, 1, shape=shape).model
        assert sum(parameter.numel() for parameter in model.parameters()) < 15e6


def test_what_was_tried_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = list[str]()

    def small(name: str, shape: Shape, steps: int) -> Tried:
        asked.append(name)
        return attempt(name, shape, steps, SIZE, (SIZE,), 1)

    shapes: Mapping[str, Shape] = {"one": SMALL, "two": replace(SMALL, hidden=96)}
    monkeypatch.setattr(sweep, "SHAPES", shapes)
    monkeypatch.setattr(sweep, "attempt", small)
    out = tmp_path / "sweep.jsonl"
    monkeypatch.setattr(sys, "argv", ["sweep", "--out", str(out), "--steps", "1", "--threads", "1"])
    sweep.main()
    whole = out.read_bytes()
    out.write_bytes(whole.splitlines(keepends=True)[0])
    sweep.main()
    assert asked == ["one", "two", "two"]
    printed = capsys.readouterr().out
    assert printed.count("| one |") == 2
    assert printed.splitlines()[0].startswith("| shape | MB | ms a token |")
