"""The arrays that llama_decode reads, allocated once and filled without a loop over tokens."""

import ctypes

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.rows import Piece


class Batch:
    """Room for `capacity` tokens, each of one sequence."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._counts = np.ones(capacity, np.int32)
        self._slots = np.zeros(capacity, np.int32)
        addresses = self._slots.ctypes.data + 4 * np.arange(capacity + 1, dtype=np.uintp)
        addresses[-1] = 0  # llama.cpp expects a null pointer at the end
        self._slot_of = addresses
        self._wanted = np.zeros(capacity, np.int8)
        self.struct = llama_cpp.llama_batch(
            token=_pointer(self._tokens, ctypes.c_int32),
            pos=_pointer(self._positions, ctypes.c_int32),
            n_seq_id=_pointer(self._counts, ctypes.c_int32),
            seq_id=_pointer(self._slot_of, ctypes.POINTER(ctypes.c_int32)),
            logits=_pointer(self._wanted, ctypes.c_int8),
        )

    def fill(self, piece: Piece) -> int:
        """Hold these tokens, at most the capacity; returns how many want logits."""
        at = wanted = 0
        for slot, row in piece:
            end = at + len(row.tokens)
            self._tokens[at:end] = row.tokens
            self._positions[at:end] = np.arange(row.start, row.start + end - at)
            self._slots[at:end] = slot
            self._wanted[at:end] = row.wants == "all"
            wanted += end - at if row.wants == "all" else row.wants == "last"
            at = end
            if row.wants == "last":
                self._wanted[at - 1] = True
        self.struct.n_tokens = at
        return wanted


def _pointer(array: NDArray[np.generic], kind: type) -> object:
    return array.ctypes.data_as(ctypes.POINTER(kind))
