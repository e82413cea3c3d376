"""The arrays that llama_decode reads, allocated once and filled without a loop over tokens."""

import ctypes

import llama_cpp
import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]


class Batch:
    """Room for `capacity` tokens, each of one sequence."""

    def __init__(self, capacity: int) -> None:
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

    def fill(
        self, tokens: Tokens, positions: Tokens, slots: Tokens, wanted: NDArray[np.bool_]
    ) -> None:
        """Hold these tokens; all arrays have one length, at most the capacity."""
        count = len(tokens)
        self._tokens[:count] = tokens
        self._positions[:count] = positions
        self._slots[:count] = slots
        self._wanted[:count] = wanted
        self.struct.n_tokens = count


def _pointer(array: NDArray[np.generic], kind: type) -> object:
    return array.ctypes.data_as(ctypes.POINTER(kind))
