"""Opens the gpu engine: the weights on a device, and as many cells as its memory holds."""

import contextlib
import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch
import triton
from triton.errors import TritonError

from sticli.config import Settings
from sticli.daemon.engines import machine
from sticli.daemon.engines.base import Progress
from sticli.daemon.engines.gpu.cells import within
from sticli.daemon.engines.gpu.engine import Gpu
from sticli.daemon.engines.gpu.graphs import Outcome, Record, Replay, record, sizes
from sticli.daemon.engines.gpu.model import KvType, Model, cell_bytes, load
from sticli.daemon.engines.gpu.passes import CHUNK
from sticli.daemon.engines.gpu.proof import COUNTS, prove
from sticli.errors import SticliError
from sticli.machine import cuda
from sticli.models.header import Header
from sticli.models.hparams import HParams, refuse
from sticli.models.memory import BUDGET, most

log = logging.getLogger(__name__)


def open_gpu(path: Path, header: Header, settings: Settings, progress: Progress) -> tuple[Gpu, int]:
    """The engine over a file that was checked, and the context that the model was trained for.

    Without a GPU the reference computes on the CPU: the same answers, slowly.

    Raises:
        SticliError: the model does not run on it: why, in one line.
    """
    device = _device(settings)
    try:
        _check_room(path, header, device)
        return _engine(load(path, header, device, progress), settings, progress)
    except torch.OutOfMemoryError:
        why = "the memory of the GPU does not hold it"
    except (RuntimeError, TritonError) as error:  # of the driver, or as kernels are compiled
        log.exception("the gpu engine does not start")
        why = str(error).partition("\n")[0]
    with contextlib.suppress(RuntimeError):  # another engine may serve, for days: hold no memory
        torch.cuda.empty_cache()
    refuse(path, why)


def _device(settings: Settings) -> torch.device:
    reason = cuda.unfit(cuda.find())
    if not reason and not torch.cuda.is_available():
        reason = f"torch {torch.__version__} does not use it"
    if not reason:
        return torch.device("cuda")
    if settings.engine == "auto":
        raise SticliError(
            "model", f"the gpu engine cannot run: {reason}", 'set `engine = "llama.cpp"`'
        )
    log.warning("the gpu engine computes on the CPU, slowly: %s", reason)
    torch.set_num_threads(settings.threads or machine.physical_cores())
    return torch.device("cpu")


def _check_room(path: Path, header: Header, device: torch.device) -> None:
    """Refuse weights that do not fit before they are read."""
    if device.type == "cuda":
        need = sum(item.size for item in header.tensors.values())
        free, _ = torch.cuda.mem_get_info(device)
        if need > most(free):
            refuse(path, f"its weights take {need >> 20} MiB, {free >> 20} MiB of the GPU are free")


def _engine(model: Model, settings: Settings, progress: Progress) -> tuple[Gpu, int]:
    kind = cast("KvType", settings.kv_type)
    size = cell_bytes(model.hparams, kind)
    left = _memory(model.device, settings.kv_budget_mb << 20, _scratch(model.hparams))
    cells, spare = within(left, size)
    if not cells:
        raise SticliError(
            "budget_exceeded",
            f"kv_budget_mb = {settings.kv_budget_mb} holds no session: a cell takes {size} bytes",
            "raise kv_budget_mb, or set it to 0",
        )
    detail = {
        "device": _named(model.device),
        "torch": str(torch.__version__),
        "triton": triton.__version__,
        "kv": settings.kv_type,
        "cell_bytes": str(size),
    }
    recorder = None
    if model.device.type == "cuda":
        step = _steps(progress)
        detail["proof"] = _proven(model, kind, step)
        recorder = _recorder(step)
    return Gpu(model, cells, kind, detail, spare, recorder), model.hparams.context


def _proven(model: Model, kind: KvType, step: Callable[[], None]) -> str:
    """What comparing the kernels with the reference says, which takes more memory than serving."""
    try:
        return f"logits within {prove(model, kind, step):.1e} of the reference's"
    except torch.OutOfMemoryError:
        log.warning("the kernels were not compared with the reference: no memory is left for it")
        return "not done: no memory is left for it"
    finally:
        torch.cuda.empty_cache()  # the pool of cells is one piece


def _steps(progress: Progress) -> Callable[[], None]:
    """What tells of each proof and of each recorded pass; the first time kernels are compiled."""
    numbers, total = itertools.count(1), len(COUNTS) + sum(1 for _ in sizes())
    progress(0, total, "kernels")
    return lambda: progress(next(numbers), total, "kernels")


def _recorder(step: Callable[[], None]) -> Record:
    """Records passes and tells of each."""
    memory = torch.cuda.graph_pool_handle()

    def tell(call: Callable[[], Outcome]) -> tuple[Outcome, Replay]:
        found = record(call, memory)
        step()
        return found

    return tell


def _scratch(shape: HParams) -> int:
    """Bytes that passes compute with: a long one at its widest, and the logits of recorded ones."""
    wanted = sum(size.wanted for size in sizes())  # each keeps its own
    return 4 * (CHUNK * (3 * shape.forward + 4 * shape.width) + wanted * shape.vocabulary)


def _memory(device: torch.device, budget: int, scratch: int) -> int:
    """Bytes for cells, beside those that passes compute with."""
    if device.type == "cpu":
        return budget or BUDGET
    torch.cuda.empty_cache()  # what loading left
    free, _ = torch.cuda.mem_get_info(device)
    limit = most(free, scratch)
    if budget > limit:
        log.warning("cells get %d MiB: no more of the GPU's memory is free", limit >> 20)
    return min(budget or limit, limit)


def _named(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, by the reference"
