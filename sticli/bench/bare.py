"""The floor: what the same tokens cost in plain llama.cpp calls, with nothing of ours between."""

import ctypes
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import llama_cpp
import numpy as np

CHUNK = 512


class Bare:
    """One model and one context, one sequence; the fastest settings are the caller's to choose."""

    def __init__(self, path: Path, cells: int, *, flash: bool, threads: int) -> None:
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), _model_options())
        options = llama_cpp.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = cells, CHUNK, CHUNK
        options.n_threads = options.n_threads_batch = threads
        options.flash_attn_type = int(flash)
        self.context = llama_cpp.llama_init_from_model(self.model, options)
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.words = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self._batch = llama_cpp.llama_batch_init(CHUNK, 0, 1)

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, control tokens in it taken as text."""
        raw = text.encode()
        ids = (llama_cpp.llama_token * (len(raw) + 8))()
        count = llama_cpp.llama_tokenize(
            self.vocabulary, raw, len(raw), ids, len(ids), False, False
        )
        return list(ids[:count])

    def prefill(self, tokens: Sequence[int], start: int) -> None:
        """Compute tokens at `start`…, logits of the last one only in the last chunk."""
        for at in range(0, len(tokens), CHUNK):
            self._decode(tokens[at : at + CHUNK], start + at, last=at + CHUNK >= len(tokens))

    def first(self) -> int:
        """The likeliest next token."""
        logits = llama_cpp.llama_get_logits_ith(self.context, -1)
        return int(np.argmax(np.ctypeslib.as_array(logits, shape=(self.words,))))

    def forget(self, start: int) -> None:
        """Drop everything from position `start` on."""
        memory = llama_cpp.llama_get_memory(self.context)
        llama_cpp.llama_memory_seq_rm(memory, 0, start, -1)

    def _decode(self, tokens: Sequence[int], start: int, *, last: bool) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for n, token in enumerate(tokens):
            batch.token[n], batch.pos[n] = token, start + n
            batch.n_seq_id[n], batch.seq_id[n][0], batch.logits[n] = 1, 0, 0
        batch.logits[len(tokens) - 1] = int(last)
        if code := llama_cpp.llama_decode(self.context, batch):
            raise RuntimeError(f"llama_decode returned {code}")

    def close(self) -> None:
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)


def _model_options() -> llama_cpp.llama_model_params:
    options = llama_cpp.llama_model_default_params()
    options.use_extra_bufts = False  # as our engine: Q8_0 in AMX buffers crashes this release
    return options


@contextmanager
def bare(path: Path, cells: int, *, flash: bool, threads: int) -> Iterator[Bare]:
    """A bare engine, freed at the end; llama.cpp's chatter is silenced."""
    silence = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(silence, ctypes.c_void_p(0))
    engine = Bare(path, cells, flash=flash, threads=threads)
    try:
        yield engine
    finally:
        engine.close()


def seconds(engine: Bare, tail: Sequence[int], start: int) -> float:
    """Time to the first token of a question of `tail` tokens at `start` resident cells."""
    begin = time.perf_counter()
    engine.prefill(tail, start)
    engine.first()
    taken = time.perf_counter() - begin
    engine.forget(start)
    return taken
