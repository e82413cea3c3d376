"""Which engine runs which model: from settings to an open engine, its vocabulary and its card."""

import importlib.resources
from pathlib import Path

import llama_cpp

from sticli.config import Settings
from sticli.daemon.engines import fingerprint, machine, modelfile
from sticli.daemon.engines.base import Engine, Exhausted, Vocabulary
from sticli.daemon.engines.calibration import calibrated
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.measurement import cell_bytes
from sticli.daemon.engines.model import Model, refusal
from sticli.daemon.engines.tuning import Tuning
from sticli.daemon.engines.vocabulary import ModelVocabulary
from sticli.daemon.messages import Ready
from sticli.errors import SticliError


def open_engine(settings: Settings, cache_folder: Path) -> tuple[Engine, Vocabulary, Ready]:
    """The engine for the configured model; hashes and measurements are kept in `cache_folder`.

    Raises:
        SticliError: the model cannot be used: why, in one line.
    """
    path = Path(settings.model).expanduser().absolute() if settings.model else embedded_model()
    header = modelfile.check(path)
    sha256 = fingerprint.sha256(path, cache_folder / "models.json")
    model = Model(path)
    try:
        engine = _engine(model, sha256, settings, cache_folder)
    except Exhausted as error:
        model.close()
        raise refusal(path, str(error)) from None
    ready = Ready(
        path=str(path),
        name=header.name or path.stem,
        sha256=sha256,
        engine=engine.name,
        context=model.context,
        vocabulary=model.vocabulary_size,
        cells=engine.cells,
        detail=engine.detail,
    )
    return engine, ModelVocabulary(model), ready


def embedded_model() -> Path:
    """The model file that ships with the package.

    Raises:
        SticliError: this installation holds none.
    """
    folder = Path(str(importlib.resources.files("sticli.models")))
    files = sorted(folder.glob("*.gguf"))
    if not files:
        raise SticliError(
            "model",
            "no model ships with this installation",
            "set `model` to a GGUF file's path",
        )
    return files[0]


def _engine(model: Model, sha256: str, settings: Settings, cache_folder: Path) -> LlamaCpp:
    threads = [settings.threads] if settings.threads else machine.thread_counts()
    # This first pass also brings the weights into memory, so that what is measured next is warm.
    size = cell_bytes(model, Tuning(flash=False, chunk=512, threads=threads[0]))
    finding = calibrated(model, sha256, threads, cache_folder / "calibration.json")
    tuning = finding.tuning
    detail = {
        "llama-cpp-python": llama_cpp.__version__,
        "threads": str(tuning.threads),
        "flash_attention": "on" if tuning.flash else "off",
        "chunk": str(tuning.chunk),
        "cell_bytes": str(size),
        "calibration": finding.measured,
    }
    return LlamaCpp(model, tuning, (settings.kv_budget_mb << 20) // size, size, detail)
