"""Engines to test: the fake one, llama.cpp on a random tiny model and on the embedded one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from sticli.daemon.engines.base import Engine, unheard
from sticli.daemon.engines.gpu.engine import Gpu
from sticli.daemon.engines.gpu.model import Model as GpuModel
from sticli.daemon.engines.gpu.model import load
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning
from sticli.errors import SticliError
from sticli.models.find import embedded_model
from sticli.models.header import read_header
from tests.fakes import SIZE, FakeEngine
from tests.tiny import CELL_BYTES, CHATML, write_model, write_recurrent

CELLS = 6000
CHUNK = 128


@dataclass(frozen=True)
class Subject:
    """An engine of `CELLS` cells under test, and how exact its logits are."""

    engine: Engine
    vocabulary: int
    tolerance: float
    window: int = 0  # tokens that the model attends to, if not all
    recurrent: bool = False  # keeps a state, which only a replay takes back
    steps: int = 1000  # of a random walk


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model file with a chat template."""
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf", seed=1, template=CHATML)


@pytest.fixture(scope="session")
def windowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model of which every other layer attends to 32 tokens only."""
    path = tmp_path_factory.mktemp("model") / "windowed.gguf"
    return write_model(path, seed=1, architecture="gemma2", window=32)


@pytest.fixture(scope="session")
def recurrent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that keeps a state in place of cells."""
    return write_recurrent(tmp_path_factory.mktemp("model") / "recurrent.gguf", seed=1)


@pytest.fixture(scope="session")
def on_torch(tiny: Path, windowed: Path) -> dict[str, GpuModel]:
    """Models of the GPU engine, which no engine changes; on a GPU if there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    files = {"tiny": tiny, "windowed": windowed}
    return {name: load(path, read_header(path), device, unheard) for name, path in files.items()}


@pytest.fixture(
    params=[
        *("fake", "fake-shares", "tiny", "tiny-flash", "tiny-window", "recurrent", "embedded"),
        *("gpu", "gpu-q8", "gpu-window"),
    ]
)
def subject(
    request: pytest.FixtureRequest,
    tiny: Path,
    windowed: Path,
    recurrent: Path,
    on_torch: dict[str, GpuModel],
) -> Iterator[Subject]:
    """One fresh engine of each kind."""
    if request.param in ("fake", "fake-shares"):
        shares = request.param == "fake-shares"
        yield Subject(FakeEngine(CELLS, chunk=CHUNK, shares=shares), SIZE, 0)
        return
    if request.param.startswith("gpu"):
        yield from _gpu(
            on_torch["windowed" if request.param == "gpu-window" else "tiny"], request.param
        )
        return
    files = {
        "tiny": tiny,
        "tiny-flash": tiny,
        "tiny-window": windowed,
        "recurrent": recurrent,
    }
    model = Model(files.get(request.param) or _embedded())
    tuning = Tuning(flash=request.param == "tiny-flash", chunk=CHUNK, threads=1)
    engine = LlamaCpp(model, tuning, CELLS, CELL_BYTES, {})
    # Between batches the tiny model's logits, of deviation 4, differ by 0.002, where a cell of
    # 16 bits is rounded the other way; with flash attention by 0.05. Those of the embedded model,
    # on bytes that are no feed, by 0.3: its products are of 8 bits.
    tolerance = {"tiny": 0.02, "tiny-window": 0.02, "embedded": 0.5}.get(request.param, 0.25)
    yield Subject(engine, model.vocabulary_size, tolerance, model.window, model.recurrent)
    engine.close()


def _gpu(model: GpuModel, name: str) -> Iterator[Subject]:
    """The GPU engine; where there is no GPU the reference computes, in plain numbers."""
    engine = Gpu(model, CELLS, "q8" if name == "gpu-q8" else "f16", {})
    poison(engine)
    # 8-bit cells turn a difference of rounding in one layer into a whole step in the next
    exact = model.device.type == "cpu" and name != "gpu-q8"
    steps = 150 if name == "gpu" else 50  # test_cells.py walks longer, over the books alone
    yield Subject(engine, model.hparams.vocabulary, 0.02 if exact else 0.25, steps=steps)
    engine.check()
    engine.close()


def poison(engine: Gpu) -> None:
    """Let every cell that nobody wrote spoil what reads it."""
    for part in engine.pool.parts:
        part.fill_(float("nan") if part.is_floating_point() else 127)


def _embedded() -> Path:
    try:
        return embedded_model()
    except SticliError:
        pytest.skip("no model ships with this tree yet")
