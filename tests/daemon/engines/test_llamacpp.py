"""What only llama.cpp can do wrong: a pass that fails half-way, in a second family or piece."""

from collections.abc import Iterator
from pathlib import Path

import llama_cpp
import pytest

from sticli.daemon.engines.base import Damaged, Exhausted, Plan, Row
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning
from tests.daemon.engines.conftest import CELLS, CHUNK, Subject
from tests.daemon.engines.contract import append, assert_same, fresh, state, tokens_of
from tests.tiny import CELL_BYTES


@pytest.fixture
def engine(tiny: Path) -> Iterator[LlamaCpp]:
    engine = LlamaCpp(Model(tiny), Tuning(False, CHUNK, 1), CELLS, CELL_BYTES, {})
    yield engine
    engine.close()


@pytest.mark.parametrize(("code", "error"), [(1, Exhausted), (-3, RuntimeError)])
@pytest.mark.parametrize("works", [0, 1, 2])
def test_a_failed_pass_is_rolled_back(
    engine: LlamaCpp,
    monkeypatch: pytest.MonkeyPatch,
    works: int,
    code: int,
    error: type[Exception],
) -> None:
    subject = Subject(engine, 267, 0.02)
    tokens = tokens_of(subject, 50)
    first, second = engine.open(400), engine.open(400)
    append(engine, first, tokens)
    before = state(engine, first, second)
    real, calls = llama_cpp.llama_decode, []

    def failing(*arguments: object) -> int:
        calls.append(arguments)
        return int(real(*arguments)) if len(calls) <= works else code

    monkeypatch.setattr(llama_cpp, "llama_decode", failing)
    long = tokens_of(subject, 2 * CHUNK, seed=3)
    with pytest.raises(error):
        engine.run(Plan((Row(first, [65], 50, "last"), Row(second, long, 0, "last"))))
    monkeypatch.undo()
    assert len(calls) == works + 1
    assert state(engine, first, second) == before
    assert_same(subject, append(engine, first, [66]), fresh(subject, [*tokens, 66]))
    assert_same(subject, append(engine, second, long), fresh(subject, long))


def test_states_of_other_models_are_foreign(engine: LlamaCpp, tiny: Path, windowed: Path) -> None:
    seq = engine.open(50)
    append(engine, seq, [1, 2, 3])
    for path, flash in ((tiny, True), (windowed, False)):
        other = LlamaCpp(Model(path), Tuning(flash, CHUNK, 1), CELLS, 512, {})
        with pytest.raises(Damaged, match="another"):
            other.load(engine.save(seq), 3, 50)
        other.close()
