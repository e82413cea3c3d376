"""Slides on the pool: exact where there is one layer, and unseen by whoever shares the cells."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch

from sticli.daemon.engines.base import unheard
from sticli.daemon.engines.gpu.engine import Gpu
from sticli.daemon.engines.gpu.model import KvType, Model, load
from sticli.daemon.engines.gpu.slide import move
from sticli.kernels.device import interpreting
from sticli.kernels.operands import Pool, Rope
from sticli.models.header import read_header
from tests import tiny as tiny_model
from tests.daemon.engines.conftest import Subject, poison
from tests.daemon.engines.contract import append, assert_same, fresh, tokens_of

CELLS = 1500


@pytest.fixture
def one_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model whose keys and values depend on a token and its place only."""
    monkeypatch.setattr(tiny_model, "LAYERS", 1)
    path = tiny_model.write_model(tmp_path / "one.gguf", seed=5)
    return load(path, read_header(path), torch.device("cpu"), unheard)


@pytest.mark.parametrize(("kv_type", "tolerance"), [("f32", 1e-3), ("f16", 0.05), ("q8", 0.5)])
def test_with_one_layer_a_slide_is_exact(
    one_layer: Model, kv_type: KvType, tolerance: float
) -> None:
    engine = Gpu(one_layer, CELLS, kv_type, {})
    poison(engine)
    subject = Subject(engine, 267, tolerance)
    kept, seq = tokens_of(subject, 400), engine.open(500)
    append(engine, seq, kept)
    for start, count in ((20, 70), (64, 64), (0, 1), (100, 130)):
        engine.slide(seq, start, count)
        kept = kept[:start] + kept[start + count :]
        fork = engine.fork(seq, engine.length(seq))
        assert_same(subject, append(engine, fork, [65]), fresh(subject, [*kept, 65]))
        engine.drop(fork)
        engine.check()
    middle = engine.fork(seq, 50)
    assert_same(subject, append(engine, middle, [66]), fresh(subject, [*kept[:50], 66]))
    engine.close()


@pytest.mark.parametrize("name", ["parent", "branch"])
def test_who_shares_the_cells_sees_no_slide(on_torch: dict[str, Model], name: str) -> None:
    engine = Gpu(on_torch["tiny"], CELLS, "f16", {})
    tokens = tokens_of(Subject(engine, 267, 0), 300)
    parent = engine.open(400)
    append(engine, parent, tokens)
    branch = engine.branch(parent, 250, 400)
    seqs = {"parent": parent, "branch": branch}
    slides, other = seqs.pop(name), next(iter(seqs.values()))
    before = engine.save(other)
    engine.slide(slides, 10, 77)
    assert engine.save(other) == before
    append(engine, slides, tokens[:100])
    assert engine.save(other) == before
    engine.check()
    engine.close()


def test_slides_of_many_pieces(on_torch: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for piece in (7, 512):
        monkeypatch.setattr("sticli.daemon.engines.gpu.slide._PIECE", piece)
        engine = Gpu(on_torch["tiny"], CELLS, "f16", {})
        seq = engine.open(400)
        append(engine, seq, tokens_of(Subject(engine, 267, 0), 300))
        engine.slide(seq, 30, 50)
        found.append(engine.save(seq))
        engine.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", [torch.float16, torch.int8])
def test_kernels_move_cells_as_the_reference_does(dtype: torch.dtype) -> None:
    """A rotation of keys without queries, which nothing else asks of the kernel."""
    kernels = "cuda" if torch.cuda.is_available() else "cpu"
    slots = np.array([70, 64, 5, 191]), np.array([70, 130, 5, 129])
    pools = []
    for device in ("cpu", kernels):
        random = torch.Generator().manual_seed(3)
        noise = torch.randn(3, 2, 2, 2, 64, 16, generator=random) * 40
        turn = torch.randn(2, 1, 8, generator=random).to(device)
        scales = noise[..., 0].abs().to(device, torch.float16) if dtype == torch.int8 else None
        pools.append(Pool(noise.clamp(-127, 127).to(device, dtype), scales))
        with interpreting() if pools[1:] and device == "cpu" else nullcontext():
            move(pools[-1], *slots, Rope(*turn, interleaved=False))
    for expected, found in zip(*(pool.parts for pool in pools), strict=True):
        largest = expected.float().abs().max().item()
        torch.testing.assert_close(
            found.float().cpu(), expected.float(), rtol=0, atol=largest / 100
        )


def test_cells_of_8_bits_keep_their_values(on_torch: dict[str, Model]) -> None:
    """Values are read and written again, and keys turned back and forth come out nearly alike."""
    engine = Gpu(on_torch["tiny"], CELLS, "q8", {})
    seq = engine.open(400)
    append(engine, seq, tokens_of(Subject(engine, 267, 0), 100))
    slots = engine._cells.sequences[seq].slots(80, 100)
    block, cell = torch.from_numpy(slots // 64), torch.from_numpy(slots % 64)
    scales = engine.pool.scales
    assert scales is not None
    before = [part[block, :, 1, :, cell].clone() for part in (engine.pool.cells, scales)]
    engine.slide(seq, 0, 80)
    slots = engine._cells.sequences[seq].slots(0, 20)
    block, cell = torch.from_numpy(slots // 64), torch.from_numpy(slots % 64)
    after = [part[block, :, 1, :, cell] for part in (engine.pool.cells, scales)]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old.cpu().numpy(), new.cpu().numpy())
    engine.close()
