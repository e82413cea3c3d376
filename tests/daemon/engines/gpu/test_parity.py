"""Logits of the reference against llama.cpp's on the same random file: prompt, forks, greedy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from tests.daemon.engines.gpu import passes
from tests.daemon.engines.gpu.oracle import Oracle
from tests.daemon.engines.gpu.passes import Floats, Part, Passes
from tests.families import FAMILIES, KINDS, write
from tests.tiny import vocabulary

PROMPT, SHARED, TAIL, GREEDY = 100, 70, 9, 8
CELLS = 512  # above the original context of the longrope model, so that llama.cpp stretches it
WIDE = {"width": 256, "forward": 256, "head_size": 64}  # blocks of 256 columns fit

# llama.cpp looks gelu up in a table of 16-bit numbers; what is left elsewhere is rounding of 32.
ROUGH, FINE = 5e-3, 2e-5
COARSE = {torch.float16: 1e-2, torch.bfloat16: 5e-2}  # on a GPU, by the type of activations

CASES = {
    **{name: (shape, ROUGH if shape.gemma else FINE) for name, shape in FAMILIES.items()},
    "halves": (replace(FAMILIES["qwen3"], kinds=("F16", "BF16")), FINE),
    "quants": (replace(FAMILIES["llama"], kinds=KINDS, **WIDE), FINE),
    "quants-phi3": (replace(FAMILIES["phi3"], kinds=KINDS[::-1], turned=48, **WIDE), FINE),
}


@dataclass(frozen=True)
class Pair:
    """The same model on both engines, and how far apart their logits may be."""

    name: str
    ours: Passes
    oracle: Oracle
    tolerance: float

    @property
    def halved(self) -> bool:
        return self.ours.model.device.type == "cuda"


NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.fixture(
    scope="module", params=["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NO_GPU])]
)
def device(request: pytest.FixtureRequest) -> torch.device:
    """The reference runs on a CPU, kernels on a GPU."""
    return torch.device(request.param)


@pytest.fixture(scope="module", params=CASES)
def pair(
    request: pytest.FixtureRequest, device: torch.device, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    shape, tolerance = CASES[request.param]
    folder = tmp_path_factory.mktemp("parity")
    path = write(folder / "model.gguf", shape)
    # llama.cpp rounds what meets quantised weights: the judge gets their values instead.
    plain = write(folder / "plain.gguf", shape.as_plain()) if shape.kinds != ("F32",) else path
    oracle = Oracle(plain, CELLS)
    model = passes.load(path, device)
    if device.type == "cuda":
        tolerance = COARSE[model.layers.dtype]
    name = f"{request.param} on {device}"
    yield Pair(name, Passes(model, 5, "f32" if device.type == "cpu" else "f16"), oracle, tolerance)
    oracle.close()


def tokens(seed: int, count: int) -> list[int]:
    found: list[int] = np.random.default_rng(seed).integers(0, len(vocabulary()), count).tolist()
    return found


def apart(ours: Floats, theirs: Floats) -> float:
    """The largest difference, relative to the largest logit."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def test_logits(pair: Pair, record_property: Callable[[str, object], None]) -> None:
    """A prompt, then in one pass two forks from within it and the prompt's next token."""
    prompt = tokens(1, PROMPT)
    (found,) = pair.ours.run([Part(prompt, passes.table([3, 1], PROMPT))])
    (wanted,) = pair.oracle.run([(0, 0, prompt)])
    errors = [apart(found, wanted)]
    shared = passes.table([3, 1], SHARED)
    tails = [tokens(2, TAIL), tokens(3, TAIL + 2)]
    parts = [
        Part(tail, [*shared, (block, SHARED, len(tail))])
        for block, tail in zip((0, 4), tails, strict=True)
    ]
    for child in (1, 2):
        pair.oracle.fork(0, child, SHARED)
    rows = [(child, SHARED, tail) for child, tail in enumerate(tails, 1)]
    greedy = int(found[-1].argmax())
    parts.append(Part([greedy], passes.table([3, 1], PROMPT + 1)))
    wanted = pair.oracle.run([*rows, (0, PROMPT, [greedy])])
    errors += map(apart, pair.ours.run(parts), wanted)
    record_property(f"parity with llama.cpp, {pair.name}", f"relative error {max(errors):.1e}")
    assert max(errors) < pair.tolerance


def test_greedy_continuations(pair: Pair) -> None:
    said = tokens(7, 60)
    pair.oracle.forget()
    for start in (0, *range(60, 60 + GREEDY)):
        part = Part(said[start:], passes.table([2, 1], len(said)))
        choice = int(pair.ours.run([part])[0][-1].argmax())
        logits = pair.oracle.run([(0, start, said[start:])])[0][-1]
        said.append(int(logits.argmax()))
        # With 16 bits two that lie closer than both may be wrong can change places.
        tie = 2 * pair.tolerance * np.abs(logits).max() if pair.halved else 0.0
        assert choice == said[-1] or logits[said[-1]] - logits[choice] < tie
    assert len(set(said[60:])) > 2  # it says something
