"""One llama_context and its sequences: a session's durable one and the forks of it."""

import ctypes
from collections.abc import Sequence

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.base import Damaged, Exhausted, Logits, Row
from sticli.daemon.engines.batch import Batch
from sticli.daemon.engines.cells import Cells, Held
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.rows import positions, split, wanted
from sticli.daemon.engines.tuning import SLOTS, Tuning, parameters

Tokens = NDArray[np.int32]
NOTHING: Tokens = np.zeros(0, np.int32)


class Family:
    """Sequences, named by their slots, that share up to `limit` cells.

    Raises:
        Exhausted: the machine has no memory for the context.
    """

    def __init__(self, model: Model, tuning: Tuning, limit: int) -> None:
        self._model = model
        self._held: dict[int, Held] = {}
        self._past: dict[int, Tokens] = {}  # of sequences that can only be rolled back by replay
        self._free_slots = list(range(SLOTS - 1, -1, -1))
        self._context = llama_cpp.llama_init_from_model(
            model.pointer, parameters(model, tuning, limit)
        )
        if not self._context:
            raise Exhausted(f"no memory for a context of {limit} cells")
        self._memory = llama_cpp.llama_get_memory(self._context)
        if not self._memory:
            self.close()
            raise Exhausted(f"{model.path} keeps no cells between passes")
        self.cells = Cells(limit)
        self._batch = Batch(llama_cpp.llama_n_batch(self._context))

    @property
    def members(self) -> int:
        """Sequences that are not gone."""
        return len(self._held)

    def add(self) -> int:
        """The slot of a new, empty sequence.

        Raises:
            Exhausted: every slot is taken.
        """
        if not self._free_slots:
            raise Exhausted(f"a session runs at most {SLOTS} sequences")
        slot = self._free_slots.pop()
        self._held[slot] = NOTHING
        self._remember(slot, NOTHING)
        return slot

    def fork(self, parent: int, length: int) -> int:
        """The slot of a sequence that shares the first `length` cells of `parent`.

        Raises:
            Exhausted: every slot is taken, or the model's window was restored without `length`.
        """
        self._check_window(parent, length)
        replay = self._model.recurrent and length < self.length(parent)
        past = self._remembered(parent, length) if replay else self._past.get(parent)
        slot = self.add()
        self._held[slot] = self._held[parent][:length]
        self.cells.share(self._held[slot])
        if replay:
            self._replay(slot, past)
            return slot
        self._remember(slot, past)
        for name in self._names(slot) if length else ():
            llama_cpp.llama_memory_seq_cp(self._memory, parent, name, 0, length)
        return slot

    def _names(self, slot: int) -> tuple[int, ...]:
        """The names by which llama.cpp knows a sequence.

        It overwrites a cell of one sequence once a sliding window has passed over it, and a later
        cut or fork would miss it; so with such a model every cell has a second holder.
        """
        return (slot, slot + SLOTS) if self._model.window else (slot,)

    def _keep(self, slots: NDArray[np.int32]) -> None:
        """Give the new cells of sequences their second holder."""
        if self._model.window:
            for slot in np.unique(slots).tolist():
                llama_cpp.llama_memory_seq_cp(self._memory, slot, slot + SLOTS, -1, -1)

    def _check_window(self, slot: int, length: int) -> None:
        """Refuse a past that a saved state did not hold: it keeps one sliding window, the newest.

        Raises:
            Exhausted: a token at `length` would attend to cells that are not there.
        """
        if not self._model.window or not length:
            return
        oldest = llama_cpp.llama_memory_seq_pos_min(self._memory, slot)
        if oldest > max(0, length + 1 - self._model.window):
            raise Exhausted(f"restored with a sliding window from token {oldest}, asked {length}")

    def length(self, slot: int) -> int:
        """Tokens of a sequence."""
        return len(self._held[slot])

    def cut(self, slot: int, length: int) -> None:
        """Forget a sequence's tokens from `length` on, even some that only llama.cpp knows of.

        Raises:
            Exhausted: as for `fork`; then nothing has changed.
        """
        self._check_window(slot, length)
        if self._model.recurrent and length:
            self._rewind(slot, length)
            return
        for name in self._names(slot):
            llama_cpp.llama_memory_seq_rm(self._memory, name, length, -1)
        self.cells.give(self._held[slot][length:])
        self._held[slot] = self._held[slot][:length]
        self._remember(slot, NOTHING)  # of a recurrent state nothing is left here

    def drop(self, slot: int) -> None:
        """Forget a sequence."""
        self.cut(slot, 0)
        del self._held[slot]
        self._past.pop(slot, None)
        self._free_slots.append(slot)

    @property
    def slides(self) -> bool:
        """Whether cells can be moved to other positions."""
        exact = self._model.recurrent or self._model.window  # a state, or cells that are gone
        return not exact and bool(llama_cpp.llama_memory_can_shift(self._memory))

    def slide(self, slot: int, start: int, count: int) -> None:
        """Forget `count` tokens from `start` on, and move those behind them up to their place.

        Raises:
            RuntimeError: llama.cpp could not move them; the sequence is of no use any more.
        """
        llama_cpp.llama_memory_seq_rm(self._memory, slot, start, start + count)
        llama_cpp.llama_memory_seq_add(self._memory, slot, start + count, -1, -count)
        held = self._held[slot]
        self.cells.give(held[start : start + count])
        self._held[slot] = np.concatenate([held[:start], held[start + count :]])
        self._move()

    def _move(self) -> None:
        """Have the cells moved now: llama.cpp does it ahead of a pass, and a state that is saved
        before would hold cells of the old places."""
        slot = self.add()
        nothing = np.zeros(1, np.int32)
        try:
            self._pass(nothing, nothing, np.full(1, slot, np.int32), nothing.astype(np.bool_))
        finally:
            self.drop(slot)

    def _rewind(self, slot: int, length: int) -> None:
        """Take a recurrent state back, which only a replay from the beginning can.

        Raises:
            Exhausted: it was restored, so that its tokens are not known; nothing has changed.
        """
        newest = llama_cpp.llama_memory_seq_pos_max(self._memory, slot)
        if newest == length - 1:
            return
        past = self._remembered(slot, length)
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        self.cells.give(self._held[slot][length:])
        self._held[slot] = self._held[slot][:length]
        self._replay(slot, past)

    def _remembered(self, slot: int, length: int) -> Tokens:
        """The first tokens of a sequence.

        Raises:
            Exhausted: it was restored, so that they are not known.
        """
        if slot not in self._past:
            raise Exhausted(f"restored, asked for its first {length} tokens")
        return self._past[slot][:length]

    def _remember(self, slot: int, past: Tokens | None) -> None:
        """Note what a sequence holds; None: nobody knows, it was restored."""
        self._past.pop(slot, None)
        if past is not None and self._model.recurrent:
            self._past[slot] = past

    def _replay(self, slot: int, past: Tokens | None) -> None:
        """Compute `past` into a sequence whose state is empty."""
        self._remember(slot, past)
        if past is not None and len(past):
            places = np.full(len(past), slot, np.int32)
            nothing = np.zeros(len(past), np.bool_)
            self._pass(past, np.arange(len(past), dtype=np.int32), places, nothing)

    def decode(self, slots: Sequence[int], rows: Sequence[Row]) -> list[Logits | None]:
        """Compute the rows, one a slot; logits of shape [wanted, vocabulary] where wanted.

        Raises:
            Exhausted: llama.cpp found no cells. RuntimeError: it refused the tokens. After
            either, the caller must cut every sequence back to where it was.
        """
        lengths = np.array([len(row.tokens) for row in rows])
        found = self._pass(
            np.concatenate([np.asarray(row.tokens, np.int32) for row in rows]),
            np.concatenate([positions(row) for row in rows]),
            np.repeat(np.asarray(slots, np.int32), lengths),
            np.concatenate([wanted(row) for row in rows]),
        )
        for slot, row in zip(slots, rows, strict=True):
            cells = self.cells.take(len(row.tokens))
            self._held[slot] = np.concatenate([self._held[slot], cells])
            if slot in self._past:
                self._past[slot] = np.append(self._past[slot], np.array(row.tokens, np.int32))
        return list(split(rows, found))

    def _pass(
        self,
        tokens: NDArray[np.int32],
        positions: NDArray[np.int32],
        slots: NDArray[np.int32],
        wanted: NDArray[np.bool_],
    ) -> Logits:
        """All wanted logits, in order, of pieces that llama.cpp takes in one call each."""
        found = [np.zeros((0, self._model.vocabulary_size), np.float32)]
        size = llama_cpp.llama_n_batch(self._context)
        for at in range(0, len(tokens), size):
            piece = slice(at, at + size)
            self._batch.fill(tokens[piece], positions[piece], slots[piece], wanted[piece])
            code = llama_cpp.llama_decode(self._context, self._batch.struct)
            if code == 1:
                raise Exhausted("llama.cpp found no free cells")
            if code:
                raise RuntimeError(f"llama_decode returned {code}")
            self._keep(slots[piece])
            if count := int(np.count_nonzero(wanted[piece])):
                found.append(self._logits(count))
        return found[1] if len(found) == 2 else np.concatenate(found)

    def _logits(self, count: int) -> Logits:
        """A copy of the logits of the last call: those wanted lie next to each other."""
        logits = np.empty((count, self._model.vocabulary_size), np.float32)
        source = llama_cpp.llama_get_logits(self._context)
        ctypes.memmove(logits.ctypes.data, source, logits.nbytes)
        return logits

    def save(self, slot: int) -> memoryview:
        """llama.cpp's own record of a sequence."""
        size = llama_cpp.llama_state_seq_get_size(self._context, slot)
        data = np.empty(size, np.uint8)
        pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        written = llama_cpp.llama_state_seq_get_data(self._context, pointer, size, slot)
        if written != size:
            raise RuntimeError(f"llama.cpp saved {written} of {size} bytes")
        return data.data

    def load(self, data: memoryview, tokens: int) -> int:
        """The slot of a new sequence of `tokens` tokens from what `save` returned.

        Raises:
            Damaged: llama.cpp does not take it, or it holds other tokens.
        """
        slot = self.add()
        array = np.frombuffer(data, np.uint8)
        pointer = array.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        read = llama_cpp.llama_state_seq_set_data(self._context, pointer, len(array), slot)
        newest = llama_cpp.llama_memory_seq_pos_max(self._memory, slot)
        if read != len(array) or newest != tokens - 1:
            self.drop(slot)
            raise Damaged(f"llama.cpp took {read} of {len(array)} bytes, up to token {newest}")
        self._keep(np.array([slot], np.int32))
        self._held[slot] = self.cells.take(tokens)
        self._remember(slot, None)
        return slot

    def close(self) -> None:
        """Free the context and with it every sequence."""
        if self._context:
            llama_cpp.llama_free(self._context)
            self._context = None
