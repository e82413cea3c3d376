"""Which engine would run a model under the settings, and what keeps the other from it."""

from dataclasses import dataclass
from pathlib import Path

from sticli.config import Settings
from sticli.errors import SticliError
from sticli.machine import cuda
from sticli.models import hparams
from sticli.models.header import Header


@dataclass(frozen=True, slots=True)
class Running:
    """The engine that would run it, why, and whether it computes on a GPU."""

    engine: str
    reason: str
    on_gpu: bool = False


def running(header: Header, path: Path, settings: Settings) -> Running:
    """What `daemon start` would decide on this machine, as far as a header tells."""
    gpu = cuda.find()
    unfit = cuda.unfit(gpu)
    if settings.engine == "llama.cpp":
        return Running("llama.cpp", "the settings say so")
    if settings.engine == "gpu":
        return Running("gpu", "the settings say so", on_gpu=not unfit)
    reason = unfit or unsupported(header, path)
    if reason:
        return Running("llama.cpp", f"not the gpu engine: {reason}")
    return Running("gpu", f"{gpu.name if gpu else 'a GPU'} can run it", on_gpu=True)


def unsupported(header: Header, path: Path) -> str:
    """Why the gpu engine cannot run such a model; empty if it can."""
    try:
        hparams.read(header, path)
    except SticliError as error:
        return error.message.removeprefix(f"the gpu engine cannot load {path}: ")
    return ""
