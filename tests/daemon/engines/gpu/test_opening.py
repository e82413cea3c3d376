"""The device that the gpu engine opens on, and how much of its memory becomes cells."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sticli.config import Settings
from sticli.daemon.engines.gpu import opening
from sticli.daemon.engines.gpu.graphs import sizes
from sticli.daemon.engines.gpu.model import Model
from sticli.daemon.engines.gpu.passes import CHUNK
from sticli.daemon.engines.gpu.proof import COUNTS
from sticli.errors import SticliError
from sticli.kernels.operands import CELLS
from sticli.machine import cuda
from sticli.machine.cuda import Gpu
from sticli.models.header import read_header
from sticli.models.memory import BUDGET, LEAST
from tests.tiny import CELL_BYTES

MB = 1 << 20
CUDA = torch.device("cuda")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU of which 10,000 MiB are free."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10_000 * MB, 20_000 * MB))
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)


def cells(path: Path, budget: int) -> int:
    settings = Settings(engine="gpu", kv_budget_mb=budget, threads=1)
    engine, context = opening.open_gpu(path, read_header(path), settings, lambda *_: None)
    assert context == 4096
    assert engine.cell_bytes == CELL_BYTES
    pool = engine.pool.cells
    assert engine.cells < pool.shape[0] * CELLS
    assert pool.nbytes <= (budget or BUDGET // MB) * MB
    engine.close()
    return engine.cells


def test_a_budget_is_memory_spare_blocks_included(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda, "find", lambda: None)
    found = [cells(tiny, budget) for budget in (64, 128, 0)]
    assert 1.9 < found[1] / found[0] < 2.1
    assert 15 < found[2] / found[1] < 17


def test_a_budget_without_room_for_a_block_is_refused(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_memory", lambda device, budget, scratch: CELL_BYTES)
    with pytest.raises(SticliError, match="kv_budget_mb") as caught:
        cells(tiny, 1)
    assert caught.value.code == "budget_exceeded"


@pytest.mark.usefixtures("memory")
def test_cells_take_what_the_weights_leave_less_a_tenth(caplog: pytest.LogCaptureFixture) -> None:
    assert opening._memory(CUDA, 0, 300 * MB) == 9000 * MB
    assert opening._memory(CUDA, 300 * MB, 300 * MB) == 300 * MB
    assert not caplog.text
    assert opening._memory(CUDA, 50_000 * MB, 300 * MB) == 9000 * MB
    assert "9000 MiB" in caplog.text
    assert opening._memory(CUDA, 0, 2000 * MB) == 10_000 * MB - LEAST - 2000 * MB


def test_passes_find_the_memory_that_they_compute_with(on_torch: dict[str, Model]) -> None:
    shape = replace(on_torch["tiny"].hparams, width=4096, forward=14336, vocabulary=128256)
    slab = CHUNK * 2 * shape.forward * 4  # of gates and the rest, before they are multiplied
    logits = sum(size.wanted for size in sizes()) * shape.vocabulary * 4
    assert slab + logits < opening._scratch(shape) < 2 * (slab + logits)


@pytest.mark.usefixtures("memory")
def test_weights_that_do_not_fit_are_refused_before_they_are_read(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = read_header(tiny)
    opening._check_room(tiny, header, CUDA)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (512 * MB, 20_000 * MB))
    with pytest.raises(SticliError, match="512 MiB of the GPU are free") as caught:
        opening._check_room(tiny, header, CUDA)
    assert "llama.cpp" in caught.value.hint


def test_what_a_driver_or_compiler_says_is_told_in_one_line(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no C compiler\nsee the manual")

    monkeypatch.setattr(cuda, "find", lambda: None)
    monkeypatch.setattr(opening, "load", fail)
    with pytest.raises(SticliError, match=r"cannot load .*: no C compiler") as caught:
        cells(tiny, 1)
    assert "\n" not in caught.value.message
    assert "llama.cpp" in caught.value.hint


def test_a_gpu_that_others_hold_is_refused_like_any(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be ...")

    monkeypatch.setattr(cuda, "find", lambda: Gpu("A GPU", (9, 0)))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", full)
    with pytest.raises(SticliError, match="CUDA error: out of memory"):
        opening.open_gpu(tiny, read_header(tiny), Settings(), lambda *_: None)


def test_a_torch_that_does_not_use_the_gpu(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cuda, "find", lambda: Gpu("A GPU", (9, 0)))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    header = read_header(tiny)
    with pytest.raises(SticliError, match="does not use it"):
        opening.open_gpu(tiny, header, Settings(engine="auto"), lambda *_: None)
    settings = Settings(engine="gpu", kv_budget_mb=1, threads=1)
    opening.open_gpu(tiny, header, settings, lambda *_: None)[0].close()
    assert "does not use it" in caplog.text


def test_how_many_kernels_are_ready_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    monkeypatch.setattr(opening, "record", lambda call, memory: (call(), lambda: None))
    told: list[tuple[int, int, str]] = []
    step = opening._steps(lambda *words: told.append(words))
    recorder, recorded = opening._recorder(step), len(list(sizes()))
    for _ in COUNTS:
        step()
    outcomes = [recorder(lambda n=n: (torch.tensor(n),))[0] for n in range(recorded)]
    assert [int(outcome[0]) for outcome in outcomes] == list(range(recorded))
    total = len(COUNTS) + recorded
    assert told == [(done, total, "kernels") for done in range(total + 1)]


def test_a_proof_needs_memory_and_serving_does_not(
    on_torch: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: object) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(opening, "prove", short)
    assert opening._proven(on_torch["tiny"], "f16", lambda: None).startswith("not done")
    monkeypatch.setattr(opening, "prove", lambda *_: 0.00123)
    assert "1.2e-03" in opening._proven(on_torch["tiny"], "f16", lambda: None)
