"""What only this engine can do wrong: failed passes, blocks that run out, places it has not."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from sticli.daemon.engines.base import Broken, Damaged, Exhausted, Plan, Row, Seq
from sticli.daemon.engines.gpu.engine import Gpu
from sticli.daemon.engines.gpu.model import KvType, Model
from tests.daemon.engines.conftest import CELLS, Subject, poison
from tests.daemon.engines.contract import append, assert_same, fresh, state, tokens_of


@pytest.fixture
def engine(on_torch: dict[str, Model]) -> Iterator[Gpu]:
    engine = Gpu(on_torch["tiny"], CELLS, "f16", {})
    poison(engine)
    yield engine
    engine.close()


def subject_of(engine: Gpu) -> Subject:
    return Subject(engine, 267, 0.25 if torch.cuda.is_available() else 0.02)


@pytest.mark.parametrize("where", ["Passes._forward", "Staging.send", "scores.top"])
def test_a_failed_pass_is_rolled_back(
    engine: Gpu, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    subject = subject_of(engine)
    tokens = tokens_of(subject, 70)
    first, second = engine.open(400), engine.open(400)
    append(engine, first, tokens)
    fork = engine.fork(first, 66)
    before = state(engine, first, second, fork)

    def failing(*arguments: object) -> None:
        raise RuntimeError("the device is gone")

    module = {"Passes._forward": "passes.", "Staging.send": "staging."}.get(where, "")
    with monkeypatch.context() as patch:
        patch.setattr(f"sticli.daemon.engines.gpu.{module}{where}", failing)
        with pytest.raises(RuntimeError, match="gone"):
            engine.run(
                Plan(
                    (
                        Row(first, [65], 70, "last"),
                        Row(second, tokens * 3, 0, "last"),
                        Row(fork, [65, 66], 66),
                    )
                )
            )
    assert state(engine, first, second, fork) == before
    engine.check()
    assert_same(subject, append(engine, first, [66]), fresh(subject, [*tokens, 66]))
    assert_same(subject, append(engine, fork, [66]), fresh(subject, [*tokens[:66], 66]))
    assert_same(subject, append(engine, second, tokens * 3), fresh(subject, tokens * 3))


def test_a_gpu_that_failed_ends_the_process(engine: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nmore")

    row = Row(engine.open(10), [65], 0, "last")
    monkeypatch.setattr(engine, "_model", replace(engine._model, device=torch.device("cuda")))
    monkeypatch.setattr(engine._passes, "compute", lost)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    with pytest.raises(RuntimeError, match="illegal"):  # one pass failed, the GPU goes on
        engine.run(Plan((row,)))
    monkeypatch.setattr(torch.cuda, "synchronize", lost)
    with pytest.raises(Broken, match=r"illegal memory access was encountered$"):
        engine.run(Plan((row,)))


def thin(engine: Gpu, tokens: list[int], limit: int) -> Seq:
    """A sequence with a block for every token: it was forked after each."""
    seq = engine.open(limit)
    append(engine, seq, tokens[:1])
    for length, token in enumerate(tokens[1:], 1):
        parent, seq = seq, engine.fork(seq, length)
        append(engine, seq, [token])
        engine.drop(parent)
    return seq


def test_blocks_that_run_out_change_nothing(on_torch: dict[str, Model]) -> None:
    engine = Gpu(on_torch["tiny"], 640, "f16", {}, spare=6)  # 16 blocks
    subject = subject_of(engine)
    tokens = tokens_of(subject, 6)
    seq, others = thin(engine, tokens, 500), [engine.open(30) for _ in range(4)]
    before = state(engine, seq, *others)
    with pytest.raises(Exhausted, match="blocks"):
        engine.run(Plan((Row(seq, [65] * 480, 6), *(Row(item, [65], 0) for item in others))))
    assert state(engine, seq, *others) == before
    engine.check()
    assert_same(subject, append(engine, seq, [65]), fresh(subject, [*tokens, 65]))
    engine.close()


def test_a_state_that_blocks_do_not_hold_leaves_nothing_behind(on_torch: dict[str, Model]) -> None:
    engine = Gpu(on_torch["tiny"], 640, "f16", {}, spare=6)
    seq = thin(engine, [65] * 6, 500)
    data = engine.save(seq)
    append(engine, seq, [65] * 494)  # 13 blocks by now
    others = [engine.open(30) for _ in range(3)]
    for item in others:
        append(engine, item, [65])
    before = state(engine, seq, *others)
    with pytest.raises(Exhausted, match="blocks"):
        engine.load(data, 6, 50)
    assert state(engine, seq, *others) == before
    engine.drop(others.pop())
    assert engine.save(engine.load(data, 6, 50)) == data
    engine.close()


def test_a_sequence_ends_where_rotations_do(
    on_torch: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "positions", 50)
    engine = Gpu(on_torch["tiny"], CELLS, "f16", {})
    seq = engine.open(100)
    append(engine, seq, [65] * 49)
    with pytest.raises(ValueError, match="50"):
        engine.run(Plan((Row(seq, [65, 65], 49),)))
    append(engine, seq, [65])
    assert engine.length(seq) == 50


@pytest.mark.parametrize("kv_type", ["f16", "bf16", "q8"])
def test_states_go_where_cells_are_alike(on_torch: dict[str, Model], kv_type: KvType) -> None:
    engine, twin = (Gpu(on_torch["tiny"], 640, kv_type, {}) for _ in range(2))
    subject = subject_of(engine)
    tokens = tokens_of(subject, 100)
    seq = engine.open(200)
    append(engine, seq, tokens)
    fork = engine.fork(seq, 90)
    append(engine, fork, tokens[:5])
    data = engine.save(fork)
    assert len(data) == 32 + 95 * engine.cell_bytes
    loaded = twin.load(data, 95, 200)
    assert twin.save(loaded) == data
    found = append(twin, loaded, [65])
    assert_same(
        Subject(twin, 267, 0.02 if kv_type == "f16" else 0.25), found, append(engine, fork, [65])
    )
    foreign = Gpu(on_torch["windowed"], 640, kv_type, {})
    with pytest.raises(Damaged, match="another"):
        foreign.load(data, 95, 200)
    for item in (engine, twin, foreign):
        item.close()


def test_with_a_window_every_past_can_be_gone_back_to(on_torch: dict[str, Model]) -> None:
    engine = Gpu(on_torch["windowed"], CELLS, "f16", {})
    poison(engine)
    subject = subject_of(engine)
    tokens = tokens_of(subject, 150)
    seq = engine.open(200)
    append(engine, seq, tokens)
    loaded = engine.load(engine.save(seq), 150, 300)
    for length in (1, 60, 140):
        fork = engine.fork(loaded, length)
        assert_same(subject, append(engine, fork, [65]), fresh(subject, [*tokens[:length], 65]))
        engine.drop(fork)
    engine.cut(loaded, 70)
    assert_same(subject, append(engine, loaded, [65]), fresh(subject, [*tokens[:70], 65]))
    engine.close()


def test_a_closed_engine_holds_no_cells(on_torch: dict[str, Model]) -> None:
    engine = Gpu(on_torch["tiny"], CELLS, "f16", {})
    cells = weakref.ref(engine.pool.cells)
    append(engine, engine.open(10), [65])
    engine.close()
    gc.collect()
    assert cells() is None
