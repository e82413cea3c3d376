"""Passes through a model: however tokens are cut into passes and blocks, logits stay the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sticli.daemon.engines.gpu import model as models
from sticli.daemon.engines.gpu.model import KvType, Model
from sticli.kernels.operands import CELLS, Dense
from sticli.kernels.reference import rotate
from tests.daemon.engines.gpu import passes
from tests.daemon.engines.gpu.passes import Floats, Part, Passes
from tests.families import FAMILIES, write
from tests.tiny import vocabulary

COUNT = 90
TOKENS: list[int] = np.random.default_rng(5).integers(0, len(vocabulary()), COUNT).tolist()
TABLE = passes.table([2, 0], COUNT)


@pytest.fixture(scope="module", params=["qwen3", "gemma3"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("model") / "model.gguf"
    return passes.load(write(path, FAMILIES[request.param]))


def whole(model: Model, kv_type: KvType = "f32") -> Floats:
    return Passes(model, 3, kv_type).run([Part(TOKENS, TABLE)])[0]


def apart(found: Floats, wanted: Floats) -> float:
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def test_chunks_give_what_one_pass_gives(model: Model) -> None:
    run, found, start = Passes(model, 3), [], 0
    for end in (1, 63, 64, 70, COUNT):
        found += run.run([Part(TOKENS[start:end], passes.table([2, 0], end))])
        start = end
    assert apart(np.concatenate(found), whole(model)) < 1e-5


def test_a_row_is_the_same_beside_others(model: Model) -> None:
    run = Passes(model, 4)
    other = Part(TOKENS[::-1][:40], [(1, 0, 40)])
    _, found = run.run([other, Part(TOKENS, passes.table([3, 2], COUNT))])
    assert apart(found, whole(model)) < 1e-5


def test_only_what_is_wanted(model: Model) -> None:
    run, parts = Passes(model, 3), [Part(TOKENS, TABLE)]
    found = run.wanted(parts, [COUNT - 1, 7])
    assert apart(found, whole(model)[[COUNT - 1, 7]]) < 1e-5


def test_nothing_wanted(model: Model) -> None:
    """The cells are written all the same."""
    run = Passes(model, 3)
    nothing = run.wanted([Part(TOKENS[:-1], passes.table([2, 0], COUNT - 1))], [])
    assert nothing.shape == (0, len(vocabulary()))
    found = run.wanted([Part(TOKENS[-1:], TABLE)], [0])
    assert apart(found, whole(model)[-1:]) < 1e-5


@pytest.mark.parametrize(("kv_type", "tolerance"), [("f16", 3e-3), ("bf16", 3e-2), ("q8", 3e-2)])
def test_smaller_cells(model: Model, kv_type: KvType, tolerance: float) -> None:
    error = apart(whole(model, kv_type), whole(model))
    assert 0 < error < tolerance


def test_packed_weights(tmp_path: Path) -> None:
    wide = {"width": 256, "forward": 256, "head_size": 64, "kinds": ("Q4_K", "Q6_K", "Q8_0")}
    path = write(tmp_path / "model.gguf", replace(FAMILIES["llama"], **wide))
    plain, packed = passes.load(path), passes.load(path, packed=True)
    assert isinstance(plain.layers.weights.embedding, Dense)
    assert not isinstance(packed.layers.weights.embedding, Dense)
    assert apart(whole(packed), whole(plain)) < 1e-5


@pytest.mark.parametrize("kv_type", ["f16", "bf16", "q8", "f32"])
def test_the_pool_is_as_large_as_its_cells(model: Model, kv_type: KvType) -> None:
    pool = model.pool(5, kv_type)
    size = pool.cells.nbytes + (0 if pool.scales is None else pool.scales.nbytes)
    assert size == 5 * CELLS * models.cell_bytes(model.hparams, kv_type)


@pytest.mark.parametrize("name", ["llama3", "qwen2", "phi3", "gemma3"])
def test_keys_turn_back(name: str, tmp_path: Path) -> None:
    """Also where the turning is stretched or scaled: what was scaled once is not again."""
    model = passes.load(write(tmp_path / "model.gguf", FAMILIES[name]))
    keys = torch.randn((4, 2, model.hparams.head_size), generator=torch.Generator().manual_seed(1))
    for window, table in model.layers.ropes.items():
        there = rotate(keys, table, torch.tensor([100, 64, 40, 33]))
        back = rotate(there, model.back(33)[window], torch.zeros(4, dtype=torch.int32))
        torch.testing.assert_close(back, rotate(keys, table, torch.tensor([67, 31, 7, 0])))
