"""One running question: a fork of its session, its tail, and the answer as it grows."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sticli.daemon.engines.base import Logits, Seq, Vocabulary
from sticli.daemon.worker import sampling
from sticli.daemon.worker.sessions import Session


class Text:
    """The text of an answer, piece by piece: whole characters only, no white space ahead."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._parts: list[str] = []

    @property
    def empty(self) -> bool:
        return not self._parts

    def add(self, data: bytes) -> str:
        """What `data` makes printable; half a character waits for its rest."""
        piece = self._decoder.decode(data)
        if not self._parts:
            piece = piece.lstrip()
        if piece:
            self._parts.append(piece)
        return piece

    def __str__(self) -> str:
        return "".join(self._parts).rstrip()


@dataclass(slots=True, eq=False)
class Question:
    """What the scheduler steps from the first token of the tail to the last of the answer."""

    source: Literal["ask", "flash"]
    id: int | str
    session: Session
    seq: Seq
    cached: int  # tokens of the session that it shares
    tail: list[int]
    max_tokens: int
    one_line: bool  # the answer ends with its line
    version: int
    lines: int  # that it sees: all of `version`, and maybe some of the next
    window_from: int
    asked: float  # seconds of the loop's clock
    length: int = 0  # tokens in its sequence
    produced: list[int] = field(default_factory=list)
    text: Text = field(default_factory=Text)
    confidence: float = 0.0
    first_token: float = 0.0
    device_s: float = 0.0
    finish: Literal["", "stop", "length"] = ""

    def __post_init__(self) -> None:
        self.length = self.cached

    @property
    def need(self) -> int:
        """The cells that it may fill."""
        return len(self.tail) + self.max_tokens

    @property
    def decoding(self) -> bool:
        return bool(self.produced)

    def waiting(self, most: int) -> int:
        """Tokens that can be computed now, at most `most`."""
        return min(most, 1 if self.produced else self._left())

    def _left(self) -> int:
        return self.cached + len(self.tail) - self.length

    def take(self, count: int) -> Sequence[int]:
        """The next `count` of them."""
        if self.produced:
            return self.produced[-1:]
        begin = self.length - self.cached
        return self.tail[begin : begin + count]

    def wants(self, count: int) -> Literal["none", "last"]:
        """Logits are of use once the tail is through."""
        return "last" if self.produced or count == self._left() else "none"

    def advance(self, count: int, logits: Logits | None, vocabulary: Vocabulary, now: float) -> str:
        """Take in what a pass computed; returns the text that became printable.

        Raises:
            ValueError: the logits are no numbers.
        """
        self.length += count
        if logits is None:
            return ""
        token = sampling.greedy(logits[-1])
        if not self.produced:
            self.first_token = now
            self.confidence = sampling.gap(logits[-1], token)
        if vocabulary.ends(token):
            self.finish = "stop"
            return ""
        self.produced.append(token)
        if len(self.produced) >= self.max_tokens:
            self.finish = "length"
        return self._print(vocabulary.piece(token))

    def _print(self, data: bytes) -> str:
        """Add to the text; with `one_line`, stop where its first line ends."""
        if self.text.empty:
            data = data.lstrip()
        line, newline, _ = data.partition(b"\n")
        if self.one_line and newline:
            self.finish = "stop"
            return self.text.add(line)
        return self.text.add(data)
