"""Plain llama.cpp calls, nothing of ours between: a model and a context of some sequences."""

import os
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from sticli import paths
from sticli.daemon.engines import fingerprint, log, machine
from sticli.daemon.engines.base import Logits, Row, Seq
from sticli.daemon.engines.batch import Batch
from sticli.daemon.engines.calibration import calibrated
from sticli.daemon.engines.model import Model
from sticli.errors import SticliError
from sticli.models.header import refusal

Tokens = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Best:
    """The settings that are quickest on this machine, found by the measurement that sticli uses."""

    threads: int
    flash: bool
    chunk: int = 512  # tokens of one call


def best(path: Path) -> Best:
    """The settings for a model, as the cache folder remembers them, which the daemons share.

    Raises:
        SticliError: the file is no model that can run.
    """
    cache = paths.resolve().cache
    sha256 = fingerprint.sha256(path, cache / "models.json")
    model = Model(path)
    try:
        counts = machine.thread_counts()
        tuning = calibrated(model, sha256, counts, cache / "calibration.json").tuning
    finally:
        model.close()
    return Best(tuning.threads, tuning.flash, tuning.chunk)


class Calls:
    """One model and one context of `sequences` sequences, each with `cells` cells of its own.

    Raises:
        SticliError: the model or its cells do not fit the memory, or sequences are too many.
    """

    def __init__(self, path: Path, cells: int, sequences: int, settings: Best) -> None:
        most = llama_cpp.llama_max_parallel_sequences()
        if sequences > most:
            raise SticliError(
                "bad_request",
                f"{sequences:,} sessions: llama.cpp runs {most}",
                "give smaller --tenants",
            )
        log.quiet()
        llama_cpp.llama_backend_init()
        self.context = None
        self.model = llama_cpp.llama_model_load_from_file(bytes(path), _weights())
        if not self.model:
            raise refusal(path, "llama.cpp does not take it")
        self.context = llama_cpp.llama_init_from_model(
            self.model, _context(cells, sequences, settings)
        )
        if not self.context:
            self.close()
            raise SticliError(
                "model",
                f"no memory for {sequences} × {cells} cells of {path}",
                "give smaller --context or --tenants",
            )
        self._memory = llama_cpp.llama_get_memory(self.context)
        vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self._words = llama_cpp.llama_vocab_n_tokens(vocabulary)
        self._batch = Batch(settings.chunk)
        self._chunk = settings.chunk
        self.rewinds = not (
            llama_cpp.llama_model_is_recurrent(self.model)
            or llama_cpp.llama_model_is_hybrid(self.model)
        )
        self.detail = _detail(cells, sequences, settings)

    def compute(self, sequence: int, tokens: Tokens, start: int, *, logits: bool = True) -> None:
        """Compute tokens at the positions from `start` on; `logits` are of the last one.

        Raises:
            SticliError: llama.cpp refuses.
        """
        for at in range(0, len(tokens), self._chunk):
            piece = tokens[at : at + self._chunk]
            last = logits and at + self._chunk >= len(tokens)
            row = Row(Seq(sequence), piece.tolist(), start + at, "last" if last else "none")
            self._batch.fill([(sequence, row)])
            if code := llama_cpp.llama_decode(self.context, self._batch.struct):
                raise SticliError(
                    "internal",
                    f"llama_decode returned {code} at token {start + at}",
                    "choose other engines with --engine, or a smaller --context",
                )

    def logits(self) -> Logits:
        """Of the last token that was computed, shape [1, vocabulary]; gone with the next call."""
        pointer = llama_cpp.llama_get_logits_ith(self.context, -1)
        return np.ctypeslib.as_array(pointer, shape=(1, self._words))

    def cut(self, sequence: int, length: int) -> bool:
        """Forget everything from position `length` on; False: this model cannot, all is left."""
        return bool(llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def close(self) -> None:
        """Free context and model."""
        if self.context:
            llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)


def _detail(cells: int, sequences: int, settings: Best) -> dict[str, str]:
    offloads = llama_cpp.llama_supports_gpu_offload()
    flash = "on" if settings.flash else "off"
    return {
        "llama-cpp-python": llama_cpp.__version__,
        "gpu": "all layers" if offloads else "no",
        "threads": str(settings.threads),
        "flash_attention": "as llama.cpp chooses" if offloads else flash,
        "chunk": str(settings.chunk),
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", ""),
        "sequences": f"{sequences} of {cells} cells, one a session",
    }


def _weights() -> llama_cpp.llama_model_params:
    params = llama_cpp.llama_model_default_params()  # all layers on a GPU, where it was built for
    params.use_extra_bufts = not machine.has_amx()  # as in sticli: else this release may crash
    return params


def _context(cells: int, sequences: int, settings: Best) -> llama_cpp.llama_context_params:
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = -(-cells // 256) * 256 * sequences
    params.n_seq_max, params.kv_unified = sequences, False  # as slots of a server, each its own
    params.n_batch = params.n_ubatch = settings.chunk
    params.n_threads = params.n_threads_batch = settings.threads
    params.no_perf = params.swa_full = True
    if not llama_cpp.llama_supports_gpu_offload():  # there llama.cpp decides
        params.flash_attn_type = int(settings.flash)
    return params
