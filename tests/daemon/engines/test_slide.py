"""What engines that slide promise: lengths, cells, and that the sequence is as good as any."""

from pathlib import Path

import pytest

from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning
from tests import tiny as tiny_model
from tests.daemon.engines.conftest import CELLS, Subject
from tests.daemon.engines.contract import append, assert_same, fresh, state, tokens_of

SLIDES = ["fake", "fake-shares", "tiny", "tiny-flash", "embedded", "gpu", "gpu-q8"]

slides = pytest.mark.parametrize("subject", SLIDES, indirect=True)


@slides
def test_a_slide_gives_cells_back_and_the_sequence_goes_on(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 150)
    assert engine.slides
    seq = engine.open(200)
    append(engine, seq, tokens)
    engine.slide(seq, 20, 70)
    assert state(engine, seq) == (200, 80, (80, 120))
    saved = engine.save(seq)  # of the moved cells, though nothing was computed since
    fork, loaded = engine.fork(seq, 80), engine.load(saved, 80, 200)
    branch = engine.branch(seq, 80, 200)
    following = tokens_of(subject, 30, seed=4)
    found = append(engine, seq, following)
    for other in (fork, loaded, branch):
        assert_same(subject, append(engine, other, following), found)
    engine.drop(fork)
    engine.cut(seq, 20)  # ahead of what slid all is as ever
    assert_same(subject, append(engine, seq, following), fresh(subject, tokens[:20] + following))
    for item in (seq, loaded, branch):
        engine.drop(item)
    assert state(engine) == (0, 0)


@slides
def test_a_slide_of_the_end_is_a_cut(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 100)
    seq = engine.open(150)
    append(engine, seq, tokens)
    engine.slide(seq, 60, 40)
    assert_same(subject, append(engine, seq, [65]), fresh(subject, [*tokens[:60], 65]))
    engine.slide(seq, 0, 61)
    assert_same(subject, append(engine, seq, [66]), fresh(subject, [66]))


@slides
def test_slides_add_up(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 90)
    seq, length = engine.open(100), 90
    append(engine, seq, tokens)
    for _ in range(12):
        engine.slide(seq, 10, 25)
        append(engine, seq, tokens[:25])
        assert state(engine, seq) == (100, length, (length, 100 - length))
    engine.slide(seq, 10, 80)
    assert_same(subject, append(engine, seq, [65]), fresh(subject, [*tokens[:10], 65]))


@slides
def test_a_slide_under_forks_or_out_of_range_is_refused(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 60)
    seq = engine.open(100)
    append(engine, seq, tokens)
    fork = engine.fork(seq, 30)
    with pytest.raises(ValueError):
        engine.slide(seq, 0, 10)
    engine.drop(fork)
    for start, count in ((-1, 5), (0, 0), (50, 11), (61, 1)):
        with pytest.raises(ValueError):
            engine.slide(seq, start, count)
    assert state(engine, seq) == (100, 60, (60, 40))
    assert_same(subject, append(engine, seq, [65]), fresh(subject, [*tokens, 65]))


@pytest.mark.parametrize("subject", ["tiny-window", "recurrent", "gpu-window"], indirect=True)
def test_a_model_that_keeps_no_past_does_not_slide(subject: Subject) -> None:
    engine = subject.engine
    assert not engine.slides
    seq = engine.open(50)
    append(engine, seq, tokens_of(subject, 20))
    with pytest.raises(ValueError):
        engine.slide(seq, 0, 10)
    assert state(engine, seq) == (50, 20, (20, 30))


@pytest.mark.parametrize("flash", [False, True])
def test_with_one_layer_a_slide_is_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flash: bool
) -> None:
    """The first layer's keys and values depend on a token and its place only."""
    monkeypatch.setattr(tiny_model, "LAYERS", 1)
    path = tiny_model.write_model(tmp_path / "one.gguf", seed=5)
    engine = LlamaCpp(Model(path), Tuning(flash, 64, 1), CELLS, 256, {})
    subject = Subject(engine, 267, 0.1)
    tokens, seq = tokens_of(subject, 150), engine.open(200)
    append(engine, seq, tokens)
    engine.slide(seq, 20, 70)
    kept = tokens[:20] + tokens[90:]
    assert_same(subject, append(engine, seq, [65]), fresh(subject, [*kept, 65]))
    fork = engine.fork(seq, 50)
    assert_same(subject, append(engine, fork, [66]), fresh(subject, [*kept[:50], 66]))
    engine.close()
