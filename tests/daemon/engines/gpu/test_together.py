"""All kernels together: a whole model on a GPU, or in the interpreter, against the reference."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sticli.kernels.device import interpreting
from sticli.kernels.operands import SKINNY
from tests.daemon.engines.gpu import passes
from tests.daemon.engines.gpu.passes import Part, Passes
from tests.families import FAMILIES, write
from tests.tiny import vocabulary

FEW = {"heads": 2, "kv_heads": 1}  # for the interpreter takes 20 ms a head and token
SHAPES = {
    "llama": replace(FAMILIES["llama"], layers=1, kinds=("Q8_0", "Q4_0", "F16"), **FEW),
    "gemma3": replace(FAMILIES["gemma3"], layers=2, kinds=("Q5_1", "Q8_0"), window=2, **FEW),
}


def apart(path: Path, count: int) -> float:
    """How far logits of so many tokens lie from the reference's, relative to the largest."""
    tokens = np.random.default_rng(count).integers(0, len(vocabulary()), count).tolist()
    part, wanted = Part(tokens, passes.table([1], count)), (0, count - 1)
    expected = Passes(passes.load(path), 2).wanted([part], wanted)
    gpu = torch.cuda.is_available()
    model = passes.load(path, torch.device("cuda" if gpu else "cpu"), packed=True)
    layers = replace(model.layers, dtype=torch.float16)  # the interpreter knows no other half type
    with nullcontext() if gpu else interpreting():
        found = Passes(replace(model, layers=layers), 2, "f16").wanted([part], wanted)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("name", SHAPES)
def test_few_tokens(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "model.gguf", SHAPES[name])
    assert apart(path, 3) < 3e-3


def test_many_tokens(tmp_path: Path) -> None:
    path = write(tmp_path / "model.gguf", SHAPES["llama"])
    assert apart(path, SKINNY + 1) < 5e-3
