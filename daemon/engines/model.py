"""A loaded llama_model: its life, and whether sessions can run on it."""

import ctypes
import weakref
from pathlib import Path
from typing import Any

import llama_cpp

from sticli.daemon.engines import log, machine
from sticli.daemon.engines.base import Progress, unheard
from sticli.errors import SticliError
from sticli.models.header import refusal


class Model:
    """The weights in memory; `pointer` is what llama.cpp's functions take.

    With `vocabulary_only` there are no weights: only what a vocabulary needs.
    """

    def __init__(
        self, path: Path, progress: Progress = unheard, *, vocabulary_only: bool = False
    ) -> None:
        log.quiet()
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = vocabulary_only
        params.progress_callback = teller = _teller(path, progress)
        params.n_gpu_layers = 0
        # llama.cpp (of llama-cpp-python 0.3.36) crashes when it repacks 8-bit weights for AMX.
        params.use_extra_bufts = not machine.has_amx()
        with log.heard() as errors:
            self.pointer = llama_cpp.llama_model_load_from_file(bytes(path), params)
        del teller  # llama.cpp called it until now
        if not self.pointer:
            raise refusal(path, "; ".join(errors[:1]) or "llama.cpp does not say why")
        self._free = weakref.finalize(self, llama_cpp.llama_model_free, self.pointer)
        self._free.atexit = False  # at exit contexts may still be there
        try:
            self._check(path)
        except SticliError:
            self.close()
            raise
        self.path = path
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.pointer)
        self.vocabulary_size: int = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self.context: int = llama_cpp.llama_model_n_ctx_train(self.pointer)
        self.recurrent: bool = llama_cpp.llama_model_is_recurrent(
            self.pointer
        ) or llama_cpp.llama_model_is_hybrid(self.pointer)
        self.window: int = llama_cpp.llama_model_n_swa(self.pointer)

    def _check(self, path: Path) -> None:
        """Refuse what cannot append, fork and roll back."""
        model = self.pointer
        if llama_cpp.llama_model_has_encoder(model) or not llama_cpp.llama_model_has_decoder(model):
            raise refusal(path, "it has an encoder, sessions need a decoder-only model")
        if llama_cpp.llama_model_is_diffusion(model):
            raise refusal(path, "diffusion models do not read text in order")
        vocabulary = llama_cpp.llama_model_get_vocab(model)
        if llama_cpp.llama_vocab_type(vocabulary) == llama_cpp.LLAMA_VOCAB_TYPE_NONE:
            raise refusal(path, "it has no vocabulary")

    def metadata(self, key: str) -> str:
        """One value of the file's header as text, empty if there is none."""
        buffer = ctypes.create_string_buffer(1024)
        found = llama_cpp.llama_model_meta_val_str(self.pointer, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if found >= 0 else ""

    def close(self) -> None:
        """Free the weights; every context must be gone."""
        self._free()
        self.pointer = None


def _teller(path: Path, progress: Progress) -> Any:
    """What llama.cpp calls with the share of the file that it has loaded."""
    size = path.stat().st_size if path.exists() else 0

    @llama_cpp.llama_progress_callback  # type: ignore[untyped-decorator]
    def tell(share: float, _data: ctypes.c_void_p) -> bool:
        progress(int(share * size), size)
        return True

    return tell
