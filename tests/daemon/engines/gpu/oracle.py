"""llama.cpp as the judge of logits: a context of 32-bit cells, sequences and forks by number."""

from collections.abc import Sequence
from pathlib import Path

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.model import Model

_F32 = 0  # in llama.cpp's numbering of types
SEQUENCES = 4


class Oracle:
    """One model file."""

    def __init__(self, path: Path, cells: int) -> None:
        self._model = Model(path)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = cells
        params.n_seq_max = SEQUENCES
        params.kv_unified = True  # else every sequence has a part of the cells
        params.swa_full = True
        params.type_k = params.type_v = _F32
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_threads = params.n_threads_batch = 1
        self._context = llama_cpp.llama_init_from_model(self._model.pointer, params)
        self._memory = llama_cpp.llama_get_memory(self._context)

    def run(self, rows: Sequence[tuple[int, int, Sequence[int]]]) -> list[NDArray[np.float32]]:
        """All tokens' logits, by row; a row is a sequence, a position and tokens."""
        count = sum(len(tokens) for _, _, tokens in rows)
        batch = llama_cpp.llama_batch_init(count, 0, 1)
        batch.n_tokens, at = count, 0
        for seq, start, tokens in rows:
            for place, token in enumerate(tokens):
                batch.token[at], batch.pos[at], batch.logits[at] = token, start + place, 1
                batch.n_seq_id[at], batch.seq_id[at][0] = 1, seq
                at += 1
        failed = llama_cpp.llama_decode(self._context, batch)
        llama_cpp.llama_batch_free(batch)
        assert not failed
        size = self._model.vocabulary_size
        found = llama_cpp.llama_get_logits(self._context)
        logits = np.ctypeslib.as_array(found, (count, size)).copy()
        return np.split(logits, np.cumsum([len(tokens) for _, _, tokens in rows])[:-1])

    def fork(self, parent: int, child: int, length: int) -> None:
        """Make `child` begin with the first tokens of `parent`."""
        llama_cpp.llama_memory_seq_cp(self._memory, parent, child, 0, length)

    def forget(self) -> None:
        """Drop all sequences."""
        llama_cpp.llama_memory_clear(self._memory, False)

    def close(self) -> None:
        """Free context and model."""
        llama_cpp.llama_free(self._context)
        self._model.close()
