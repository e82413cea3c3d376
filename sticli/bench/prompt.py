"""The very tokens that sticli computes, for engines that are given a whole prompt each time."""

import codecs
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from sticli.daemon.engines.base import Vocabulary
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.vocabulary import ModelVocabulary
from sticli.daemon.worker.sessions import RESERVE
from sticli.daemon.worker.template import Frame, frame, split
from sticli.daemon.worker.window import Window


@dataclass(frozen=True, slots=True)
class Prompter:
    """How a model is put lines and questions, as a session of the default instructions does it."""

    vocabulary: Vocabulary
    frame: Frame
    _lock: Lock = field(default_factory=Lock)  # a vocabulary is for one thread at a time

    def line(self, text: str) -> list[int]:
        """The tokens of a line; each is tokenised by itself, as in a session."""
        with self._lock:
            return self.vocabulary.encode(text + "\n")

    def tail(self, question: str) -> list[int]:
        """The tokens of a question, which follow those of the lines."""
        with self._lock:
            return self.frame.tail(question, self.vocabulary)

    def text(self, tokens: Sequence[int]) -> str:
        """The text of an answer's tokens, as sticli would print it."""
        text = self._raw(tokens).strip()
        return text.partition("\n")[0].rstrip() if self.frame.one_line else text

    def written(self, tokens: Sequence[int]) -> str:
        """The text of a prompt's tokens, control tokens as they are spelled in templates."""
        with self._lock:
            pieces = [self.vocabulary.piece(token, special=True) for token in tokens]
        return b"".join(pieces).decode("utf-8", "replace")

    def ends(self, tokens: Sequence[int]) -> bool:
        """Whether an answer is over with the last of these tokens, since its line is."""
        return self.frame.one_line and "\n" in self._raw(tokens).lstrip()

    def _raw(self, tokens: Sequence[int]) -> str:
        """Whole characters only: half of one at the end is left out."""
        with self._lock:
            data = b"".join(map(self.vocabulary.piece, tokens))
        return codecs.getincrementaldecoder("utf-8")("replace").decode(data)


def room(prompter: Prompter, limit: int) -> int:
    """Cells that the lines of a session of `limit` may fill, questions and prefix aside."""
    return limit - min(RESERVE, max(1, limit // 8)) - len(prompter.frame.prefix)


class Context:
    """A session's prompt as it grows: the prefix and the lines that a session of `limit` keeps.

    It follows the window that sticli does, which is the kinder one to prefix caches too: between
    two moves the prompt only grows.
    """

    def __init__(self, prompter: Prompter, limit: int) -> None:
        self._prompter = prompter
        self._window = Window(room(prompter, limit))
        self._ids = array("i", prompter.frame.prefix)
        self._counts: deque[int] = deque()  # tokens of each line that is kept
        self.lines = 0  # that it was given

    def add(self, lines: Sequence[str]) -> None:
        """Append lines; one that is too long for the window is not read, as in a session."""
        for line in lines:
            tokens = self._prompter.line(line)
            self._take(tokens if self._window.holds(len(tokens)) else [])

    def _take(self, tokens: list[int]) -> None:
        self._ids.extend(tokens)
        self._counts.append(len(tokens))
        self.lines += 1
        if self._window.add(len(tokens)):
            gone = len(self._counts) - (self.lines - self._window.start)
            start = len(self._prompter.frame.prefix)
            del self._ids[start : start + sum(self._counts.popleft() for _ in range(gone))]

    def tokens(self) -> list[int]:
        """Prefix and lines."""
        return self._ids.tolist()

    def array(self) -> "array[int]":
        """The same as a copy that holds them next to each other, 32 bits each."""
        return self._ids[:]

    def tail(self, question: str) -> list[int]:
        """What follows them."""
        return self._prompter.tail(question)


@contextmanager
def prompter(model: Path) -> Iterator[Prompter]:
    """The prompter of a model file; of no use after the block.

    Raises:
        SticliError: the file is no model.
    """
    loaded = Model(model, vocabulary_only=True)
    try:
        vocabulary = ModelVocabulary(loaded)
        yield Prompter(vocabulary, frame(split(vocabulary), None, vocabulary))
    finally:
        loaded.close()
