"""Reads feeds and answers questions with an exported model, through llama.cpp alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from sticli.demo.learning import vocabulary

LONGEST_ANSWER = 60  # tokens: an answer of a feed of one's own has at most as many bytes
FORKS = 16  # questions that are decoded beside each other
CHUNK = 512  # tokens of a pass
QUESTION = 120  # tokens of a question and its answer, at most

Logits = NDArray[np.float32]
Row = tuple[int, int, list[int]]  # sequence, its first position, tokens

_SILENT = llama_cpp.llama_log_callback(lambda level, text, data: None)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and how sure its first token was."""

    text: str
    first: str  # the text of that token
    lead: float  # logits between it and the next likeliest


class Reader:
    """One context for `context` tokens of feed over the model at `path`; answers are greedy.

    `flash` attention reads faster and answers slower, on the processors that were looked at.
    """

    def __init__(
        self, path: Path, *, context: int = 1024, threads: int = 2, flash: bool = False
    ) -> None:
        llama_cpp.llama_log_set(_SILENT, None)
        wanted = llama_cpp.llama_model_default_params()
        # llama.cpp's AMX buffers crash on Q8_0 weights on some machines.
        wanted.use_extra_bufts = False
        self._model: Any = llama_cpp.llama_model_load_from_file(str(path).encode(), wanted)
        if not self._model:
            raise ValueError(f"not a model llama.cpp can load: {path}")
        sizes = llama_cpp.llama_context_default_params()
        sizes.n_ctx = context + FORKS * QUESTION
        sizes.n_batch = sizes.n_ubatch = CHUNK
        sizes.n_seq_max, sizes.kv_unified = FORKS + 1, True
        sizes.flash_attn_type = int(flash)
        sizes.n_threads = sizes.n_threads_batch = threads
        self._context: Any = llama_cpp.llama_init_from_model(self._model, sizes)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(CHUNK, 0, 1)
        self._vocabulary = llama_cpp.llama_vocab_n_tokens(
            llama_cpp.llama_model_get_vocab(self._model)
        )
        self.reset()

    def close(self) -> None:
        """Frees the context and the model."""
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def reset(self) -> None:
        """Forgets the feed."""
        llama_cpp.llama_memory_clear(self._memory, False)
        self.tokens = 0
        self.append([vocabulary.BOS_ID])

    def append(self, ids: Sequence[int]) -> Logits:
        """Decodes further tokens; returns the logits [vocabulary] after the last."""
        for start in range(0, len(ids), CHUNK):
            piece = list(ids[start : start + CHUNK])
            last = self._decode([(0, self.tokens, piece)])[0]
            self.tokens += len(piece)
        return last

    def _decode(self, rows: Sequence[Row]) -> list[Logits]:
        """One pass; the logits [vocabulary] after the last token of each row."""
        batch, size, ends = self._batch, 0, list[int]()
        for sequence, position, ids in rows:
            for offset, token in enumerate(ids):
                batch.token[size], batch.pos[size] = token, position + offset
                batch.n_seq_id[size], batch.seq_id[size][0] = 1, sequence
                batch.logits[size] = offset + 1 == len(ids)
                size += 1
            ends.append(size - 1)
        batch.n_tokens = size
        if code := llama_cpp.llama_decode(self._context, batch):
            raise RuntimeError(f"llama_decode failed with {code} at {self.tokens} tokens")
        return [self._logits(end) for end in ends]

    def _logits(self, end: int) -> Logits:
        found = llama_cpp.llama_get_logits_ith(self._context, end)
        return np.ctypeslib.as_array(found, shape=(self._vocabulary,)).copy()

    def ask(self, texts: Sequence[str]) -> list[Answer]:
        """An answer a question about the feed so far, which stays as it is.

        Raises:
            ValueError: a question is longer than a pass.
        """
        tails = [vocabulary.tail_ids(text) for text in texts]
        if max(map(len, tails), default=0) > CHUNK:
            raise ValueError(f"a question of more than {CHUNK} tokens")
        found, start = list[Answer](), 0
        while start < len(tails):
            stop = start + _fitting(tails[start:])
            found += self._forked(tails[start:stop])
            start = stop
        return found

    def _forked(self, tails: Sequence[list[int]]) -> list[Answer]:
        """The answers after these tails, each in a sequence of its own, which then ends."""
        forks = range(1, len(tails) + 1)
        for fork in forks:
            llama_cpp.llama_memory_seq_cp(self._memory, 0, fork, -1, -1)
        rows = list(zip(forks, [self.tokens] * len(tails), tails, strict=True))
        first = self._decode(rows)
        texts = self._continued(rows, first)
        for fork in forks:
            llama_cpp.llama_memory_seq_rm(self._memory, fork, -1, -1)
        return [Answer(text, *_sure(logits)) for text, logits in zip(texts, first, strict=True)]

    def _continued(self, rows: list[Row], logits: list[Logits]) -> list[str]:
        """What follows the rows, token by token, each to its end."""
        answers: list[list[int]] = [[] for _ in rows]
        running = rows
        for _ in range(LONGEST_ANSWER):
            found = zip(running, (int(one.argmax()) for one in logits), strict=True)
            running = [
                (fork, position + len(ids), [best])
                for (fork, position, ids), best in found
                if best != vocabulary.END_ID
            ]
            for fork, _, ids in running:
                answers[fork - 1] += ids
            if not running:
                break
            logits = self._decode(running)
        return [vocabulary.decode(ids) for ids in answers]

    def metadata(self, key: str) -> str:
        """A value from the model file's header, "" if missing."""
        room = llama_cpp.ctypes.create_string_buffer(4096)
        llama_cpp.llama_model_meta_val_str(self._model, key.encode(), room, len(room))
        return bytes(room.value).decode()


def _fitting(tails: Sequence[list[int]]) -> int:
    """How many of these go into one pass; at least one."""
    ends = np.cumsum([len(tail) for tail in tails[:FORKS]])
    return max(1, int((ends <= CHUNK).sum()))


def _sure(logits: Logits) -> tuple[str, float]:
    """The likeliest token's text, and its lead over the next."""
    second, first = np.partition(logits, -2)[-2:]
    return vocabulary.decode([int(logits.argmax())]), float(first - second)
