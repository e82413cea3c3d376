"""Reads feeds and answers questions with an exported model, through llama.cpp alone."""

from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from sticli.demo import vocabulary

LONGEST_ANSWER = 8


_SILENT = llama_cpp.llama_log_callback(lambda level, text, data: None)


class Reader:
    """One context of `context` tokens over the model at `path`; answers are greedy."""

    def __init__(self, path: Path, *, context: int = 1024, threads: int = 2) -> None:
        llama_cpp.llama_log_set(_SILENT, None)
        wanted = llama_cpp.llama_model_default_params()
        # llama.cpp's AMX buffers crash on Q8_0 weights on some machines.
        wanted.use_extra_bufts = False
        self._model: Any = llama_cpp.llama_model_load_from_file(str(path).encode(), wanted)
        if not self._model:
            raise ValueError(f"not a model llama.cpp can load: {path}")
        sizes = llama_cpp.llama_context_default_params()
        sizes.n_ctx = sizes.n_batch = context
        sizes.n_threads = sizes.n_threads_batch = threads
        self._context: Any = llama_cpp.llama_init_from_model(self._model, sizes)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self.reset()

    def close(self) -> None:
        """Frees the context and the model."""
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def reset(self) -> None:
        """Forgets the feed."""
        llama_cpp.llama_memory_clear(self._memory, False)
        self.tokens = 0
        self.append([vocabulary.BOS_ID])

    def append(self, ids: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Decodes further tokens; returns the logits [vocabulary] after the last."""
        given = (llama_cpp.llama_token * len(ids))(*ids)
        batch = llama_cpp.llama_batch_get_one(given, len(ids))
        if code := llama_cpp.llama_decode(self._context, batch):
            raise RuntimeError(f"llama_decode failed with {code} at {self.tokens} tokens")
        self.tokens += len(ids)
        logits = llama_cpp.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(logits, shape=(len(vocabulary.TOKENS),)).copy()

    def answer(self, text: str) -> str:
        """The model's answer to a question about the feed so far, which stays as it is."""
        known, answer = self.tokens, list[int]()
        logits = self.append(vocabulary.tail_ids(text))
        while len(answer) < LONGEST_ANSWER and (best := int(logits.argmax())) != vocabulary.END_ID:
            answer.append(best)
            logits = self.append([best])
        llama_cpp.llama_memory_seq_rm(self._memory, 0, known, -1)
        self.tokens = known
        return vocabulary.decode(answer)

    def metadata(self, key: str) -> str:
        """A value from the model file's header, "" if missing."""
        room = llama_cpp.ctypes.create_string_buffer(256)
        llama_cpp.llama_model_meta_val_str(self._model, key.encode(), room, len(room))
        return bytes(room.value).decode()
