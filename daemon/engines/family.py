"""One llama_context and its sequences: a session's durable one and the forks of it."""

import ctypes
from collections.abc import Iterable, Sequence

import llama_cpp
import numpy as np

from sticli.daemon.engines.base import Damaged, Exhausted, Logits, Row, Seq
from sticli.daemon.engines.batch import Batch
from sticli.daemon.engines.cells import Cells, Held
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.past import NOTHING, Past, Tokens
from sticli.daemon.engines.rows import pieces, split
from sticli.daemon.engines.spares import Spares
from sticli.daemon.engines.tuning import SLOTS, Tuning, parameters

NOBODY = Seq(0)  # of rows that the family computes for itself


class Family:
    """Sequences, named by their slots, that share up to `limit` cells.

    Raises:
        Exhausted: the machine has no memory for the context.
    """

    def __init__(self, model: Model, tuning: Tuning, limit: int) -> None:
        self._model = model
        self._held: dict[int, Held] = {}
        self._past = Past(needed=model.recurrent)
        self._free_slots = list(range(SLOTS - 1, -1, -1))
        self._spares = Spares()
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
        self._none = np.zeros((0, model.vocabulary_size), np.float32)
        self._seen = 0, 0  # where the logits of the last call lay, and of how many tokens
        self._view = self._none

    @property
    def members(self) -> int:
        """Sequences that are not gone."""
        return len(self._held) - len(self._spares)

    def add(self) -> int:
        """The slot of a new, empty sequence.

        Raises:
            Exhausted: every slot is taken.
        """
        if not self._free_slots and (spare := self._spares.oldest()) is not None:
            self._forget(spare)
        if not self._free_slots:
            raise Exhausted(f"a session runs at most {SLOTS} sequences")
        slot = self._free_slots.pop()
        self._held[slot] = NOTHING
        self._past.note(slot, NOTHING)
        return slot

    def fork(self, parent: int, length: int) -> int:
        """The slot of a sequence that shares the first `length` cells of `parent`.

        Raises:
            Exhausted: every slot is taken, or the model's window was restored without `length`.
        """
        self._check_window(parent, length)
        if (spare := self._spares.take(parent)) is not None:
            return self._refork(spare, parent, length)
        replay = self._model.recurrent and length < self.length(parent)
        past = self._past.first(parent, length) if replay else self._past.get(parent)
        slot = self.add()
        self._held[slot] = self._held[parent][:length]
        self.cells.share(self._held[slot])
        if replay:
            self._replay(slot, past)
            return slot
        self._past.note(slot, past)
        for name in self._names(slot) if length else ():
            llama_cpp.llama_memory_seq_cp(self._memory, parent, name, 0, length)
        if not (self._model.window or self._model.recurrent):
            self._spares.born(slot, parent, length)
        return slot

    def _refork(self, slot: int, parent: int, length: int) -> int:
        """Make of a fork that ended one of the first `length` cells of its parent."""
        if self.length(slot) > length:
            self.cut(slot, length)
        known, self._held[slot] = self.length(slot), self._held[parent][:length]
        self.cells.share(self._held[slot][known:])
        llama_cpp.llama_memory_seq_cp(self._memory, parent, slot, known, length)
        self._spares.born(slot, parent, length)
        return slot

    def _names(self, slot: int) -> tuple[int, ...]:
        """The names by which llama.cpp knows a sequence.

        It overwrites a cell of one sequence once a sliding window has passed over it, and a later
        cut or fork would miss it; so with such a model every cell has a second holder.
        """
        return (slot, slot + SLOTS) if self._model.window else (slot,)

    def _keep(self, slots: Iterable[int]) -> None:
        """Give the new cells of sequences their second holder."""
        if self._model.window:
            for slot in slots:
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
        self._part(slot, length)
        for name in self._names(slot):
            llama_cpp.llama_memory_seq_rm(self._memory, name, length, -1)
        self.cells.give(self._held[slot][length:])
        self._held[slot] = self._held[slot][:length]
        self._past.note(slot, NOTHING)  # of a recurrent state nothing is left here

    def _part(self, slot: int, length: int) -> None:
        """Forget the ended forks of a sequence before it ends at `length`."""
        for spare in self._spares.cut(slot, length):
            self._forget(spare)

    def drop(self, slot: int) -> None:
        """End a sequence."""
        if (shared := self._spares.keep(slot)) is not None:
            self.cut(slot, min(shared, self.length(slot)))
        else:
            self._forget(slot)

    def _forget(self, slot: int) -> None:
        self.cut(slot, 0)
        self._spares.forget(slot)
        del self._held[slot]
        self._past.note(slot, None)
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
        self._part(slot, start)
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
        try:
            self._pass([slot], [Row(NOBODY, [0], 0)])
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
        past = self._past.first(slot, length)
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        self.cells.give(self._held[slot][length:])
        self._held[slot] = self._held[slot][:length]
        self._replay(slot, past)

    def _replay(self, slot: int, past: Tokens | None) -> None:
        """Compute `past` into a sequence whose state is empty."""
        self._past.note(slot, past)
        if past is not None and len(past):
            self._pass([slot], [Row(NOBODY, past.tolist(), 0)])

    def decode(self, slots: Sequence[int], rows: Sequence[Row]) -> list[Logits | None]:
        """Compute the rows, one a slot; logits of shape [wanted, vocabulary] where wanted.

        Raises:
            Exhausted: llama.cpp found no cells. RuntimeError: it refused the tokens. After
            either, the caller must cut every sequence back to where it was.
        """
        found = self._pass(slots, rows)
        for slot, row in zip(slots, rows, strict=True):
            self._held[slot] = self.cells.grow(self._held[slot], len(row.tokens))
            self._past.grow(slot, row.tokens)
        return list(split(rows, found))

    def _pass(self, slots: Sequence[int], rows: Sequence[Row]) -> Logits:
        """All wanted logits, in order, of pieces that llama.cpp takes in one call each."""
        found: list[Logits] = []
        for piece in pieces(slots, rows, self._batch.capacity):
            if found:
                found[-1] = found[-1].copy()  # its place is the next call's
            count = self._batch.fill(piece)
            code = llama_cpp.llama_decode(self._context, self._batch.struct)
            if code == 1:
                raise Exhausted("llama.cpp found no free cells")
            if code:
                raise RuntimeError(f"llama_decode returned {code}")
            self._keep(slot for slot, _ in piece)
            if count:
                found.append(self._logits(count))
        return found[0] if len(found) == 1 else np.concatenate([self._none, *found])

    def _logits(self, count: int) -> Logits:
        """The logits of the last call, where they lie: those wanted are next to each other."""
        source = llama_cpp.llama_get_logits(self._context)
        seen = ctypes.addressof(source.contents), count
        if seen != self._seen:  # to make a view takes as long as to copy a few
            self._seen = seen
            self._view = np.ctypeslib.as_array(source, (count, self._model.vocabulary_size))
        # a state that is computed anew to be cut or forked passes over them
        return self._view.copy() if self._model.recurrent else self._view

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
        self._keep([slot])
        self._held[slot] = self.cells.grow(NOTHING, tokens)
        self._past.note(slot, None)
        return slot

    def close(self) -> None:
        """Free the context and with it every sequence."""
        if self._context:
            llama_cpp.llama_free(self._context)
            self._context = None
