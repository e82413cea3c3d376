"""Kernels that compute something else are found out before the engine opens."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from sticli.daemon.engines.gpu import layers, proof
from sticli.daemon.engines.gpu.model import Model
from sticli.kernels import reference
from sticli.kernels.device import interpreting, launches, referring
from sticli.kernels.operands import Activations, Weight
from tests.daemon.engines.gpu import passes
from tests.families import FAMILIES, write

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
FEW = {"width": 32, "forward": 32, "head_size": 16, "heads": 2, "kv_heads": 1}
SHAPES = {
    "llama": replace(FAMILIES["llama"], layers=1, kinds=("Q8_0",), **FEW),
    "gemma3": replace(FAMILIES["gemma3"], layers=7, kinds=("Q5_1", "Q8_0"), window=2, **FEW),
}


def kernels() -> AbstractContextManager[None]:
    """Kernels compute: on a GPU by themselves, elsewhere interpreted."""
    return nullcontext() if DEVICE.type == "cuda" else interpreting()


def open_model(name: str, folder: Path) -> Model:
    """A model of random bits, computing as it would on a GPU."""
    path = write(folder / "model.gguf", SHAPES[name])
    loaded = passes.load(path, DEVICE, packed=True)
    return replace(loaded, layers=replace(loaded.layers, dtype=torch.float16))


def test_referring_keeps_kernels_away() -> None:
    tensor = torch.zeros(1, device=DEVICE)
    assert launches(tensor) == tensor.is_cuda
    with kernels():
        assert launches(tensor)
        with referring():
            assert not launches(tensor)
        assert launches(tensor)


def test_right_kernels_are_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model("llama", tmp_path)
    monkeypatch.setattr(proof, "COUNTS", (2,))
    monkeypatch.setattr(proof, "WORDS", 32)
    steps: list[None] = []
    with kernels():
        assert 0 < proof.prove(model, "f16", lambda: steps.append(None)) < 0.01
    assert len(steps) == 1


@pytest.mark.filterwarnings("ignore:invalid value encountered")  # NaN is meant
@pytest.mark.parametrize("fault", [0.5, float("nan")])
def test_a_wrong_kernel_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: float
) -> None:
    model = open_model("llama", tmp_path)
    right = layers.linear

    def wrong(x: Activations, parts: tuple[Weight, ...]) -> Tensor:
        found = right(x, parts)
        if launches(x.values):
            found[..., ::5] *= fault
        return found

    monkeypatch.setattr(proof, "COUNTS", (2,))
    monkeypatch.setattr(proof, "WORDS", 32)
    monkeypatch.setattr(layers, "linear", wrong)
    with kernels(), pytest.raises(RuntimeError, match="something else"):
        proof.prove(model, "f16", lambda: None)


def test_a_layer_of_every_kind_is_proven(tmp_path: Path) -> None:
    model = open_model("gemma3", tmp_path)
    few = proof._sample(model)
    assert set(few.hparams.windows) == set(model.hparams.windows)
    assert few.hparams.layers == len(few.layers.weights.layers) <= model.hparams.layers
    kinds = {proof._formats(layer) for layer in model.layers.weights.layers}
    assert {proof._formats(layer) for layer in few.layers.weights.layers} == kinds


def test_few_words_are_the_first(tmp_path: Path) -> None:
    model = open_model("llama", tmp_path)
    table = model.layers.weights.embedding
    assert torch.equal(
        reference.dequantise(proof._first(table, 33)), reference.dequantise(table)[:33]
    )
