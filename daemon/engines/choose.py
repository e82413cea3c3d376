"""Which engine runs which model: from settings to an open engine, its vocabulary and its card."""

import logging
from dataclasses import dataclass
from pathlib import Path

import llama_cpp

from sticli.config import Settings
from sticli.daemon.engines import fingerprint, machine
from sticli.daemon.engines.base import Engine, Exhausted, Progress, Vocabulary, unheard
from sticli.daemon.engines.calibration import calibrated
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.measurement import cell_bytes
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning
from sticli.daemon.engines.vocabulary import ModelVocabulary
from sticli.daemon.messages import Ready
from sticli.errors import SticliError
from sticli.machine import cuda
from sticli.models import gap, hparams
from sticli.models.find import configured
from sticli.models.header import Header, read_header, refusal
from sticli.models.memory import BUDGET

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Source:
    """A model file that was checked, and all that decides how it is run."""

    path: Path
    header: Header
    sha256: str
    settings: Settings
    cache_folder: Path
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Opened:
    """An engine, the model whose vocabulary it speaks, and the context that it was trained for."""

    engine: Engine
    words: Model
    context: int


def open_engine(
    settings: Settings, cache_folder: Path, progress: Progress = unheard
) -> tuple[Engine, Vocabulary, Ready]:
    """The engine for the configured model; hashes and measurements are kept in `cache_folder`.

    Raises:
        SticliError: the model cannot be used: why, in one line.
    """
    path = configured(settings.model)
    header = read_header(path)
    sha256 = fingerprint.sha256(path, cache_folder / "models.json")
    opened = _open(_Source(path, header, sha256, settings, cache_folder, progress))
    ready = Ready(
        path=str(path),
        name=header.name or path.stem,
        sha256=sha256,
        engine=opened.engine.name,
        context=opened.context,
        vocabulary=opened.words.vocabulary_size,
        cells=opened.engine.cells,
        detail=opened.engine.detail,
        gap=gap.of(header),
    )
    return opened.engine, ModelVocabulary(opened.words), ready


def _open(source: _Source) -> _Opened:
    """The engine that the settings name; of themselves the gpu engine where a GPU can run this."""
    wanted = source.settings.engine
    if wanted == "gpu":
        return _open_gpu(source)
    if wanted == "llama.cpp":
        return _open_llamacpp(source, "the settings say so")
    reason = cuda.unfit(cuda.find())
    if not reason:
        try:
            return _open_gpu(source)
        except SticliError as error:
            reason = error.message
    log.info("llama.cpp runs the model: %s", reason)
    return _open_llamacpp(source, reason)


def _open_gpu(source: _Source) -> _Opened:
    if lacking := cuda.lacking():
        raise SticliError(
            "model",
            f"the gpu engine cannot run: {lacking}",
            "`pip install 'sticli[gpu]'`, or set `engine = \"llama.cpp\"`",
        )
    hparams.read(source.header, source.path)  # what is refused needs no torch
    from sticli.daemon.engines.gpu.opening import open_gpu  # imports it: seconds, and memory

    engine, context = open_gpu(source.path, source.header, source.settings, source.progress)
    return _Opened(engine, Model(source.path, vocabulary_only=True), context)


def _open_llamacpp(source: _Source, reason: str) -> _Opened:
    kind = source.settings.kv_type
    if kind != "f16":
        raise SticliError(
            "bad_request",
            f"kv_type {kind} is for the gpu engine, and llama.cpp runs the model: {reason}",
            'set `kv_type = "f16"`',
        )
    model = Model(source.path, source.progress)
    try:
        engine = _llamacpp(model, source, reason)
    except Exhausted as error:
        model.close()
        raise refusal(source.path, str(error)) from None
    return _Opened(engine, model, model.context)


def _llamacpp(model: Model, source: _Source, reason: str) -> LlamaCpp:
    settings = source.settings
    threads = [settings.threads] if settings.threads else machine.thread_counts()
    # This first pass also brings the weights into memory, so that what is measured next is warm.
    size = cell_bytes(model, Tuning(flash=False, chunk=512, threads=threads[0]))
    cache = source.cache_folder / "calibration.json"
    finding = calibrated(model, source.sha256, threads, cache)
    tuning = finding.tuning
    detail = {
        "llama-cpp-python": llama_cpp.__version__,
        "chosen": reason,
        "threads": str(tuning.threads),
        "flash_attention": "on" if tuning.flash else "off",
        "chunk": str(tuning.chunk),
        "cell_bytes": str(size),
        "calibration": finding.measured,
    }
    budget = settings.kv_budget_mb << 20 or BUDGET
    return LlamaCpp(model, tuning, budget // size, size, detail)
