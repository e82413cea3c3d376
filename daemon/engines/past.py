"""What sequences hold whose state cannot be rolled back: only a replay takes these to an earlier
length."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sticli.daemon.engines.base import Exhausted

Tokens = NDArray[np.int32]
NOTHING: Tokens = np.zeros(0, np.int32)


class Past:
    """The tokens of sequences, by slot; of those that were restored nobody knows them."""

    def __init__(self, *, needed: bool) -> None:
        self._needed = needed
        self._tokens: dict[int, Tokens] = {}

    def note(self, slot: int, tokens: Tokens | None) -> None:
        """A sequence holds these; None: nobody knows, it was restored."""
        self._tokens.pop(slot, None)
        if tokens is not None and self._needed:
            self._tokens[slot] = tokens

    def grow(self, slot: int, tokens: Sequence[int]) -> None:
        """A sequence has grown by these."""
        if slot in self._tokens:
            self._tokens[slot] = np.append(self._tokens[slot], np.array(tokens, np.int32))

    def get(self, slot: int) -> Tokens | None:
        """All that is known of a sequence."""
        return self._tokens.get(slot)

    def first(self, slot: int, length: int) -> Tokens:
        """The first tokens of a sequence.

        Raises:
            Exhausted: it was restored, so that they are not known.
        """
        if slot not in self._tokens:
            raise Exhausted(f"restored, asked for its first {length} tokens")
        return self._tokens[slot][:length]
