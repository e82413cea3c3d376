"""The very tokens that sticli computes, for engines that are given a whole prompt each time."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

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

    def text(self, tokens: Sequence[int]) -> str:
        """The text of an answer's tokens, as sticli would print it."""
        return b"".join(map(self.vocabulary.piece, tokens)).decode("utf-8", "replace").strip()


class Context:
    """A session's prompt as it grows: the prefix and the lines that a session of `limit` keeps.

    It follows the window that sticli does, which is the kinder one to prefix caches too: between
    two moves the prompt only grows.
    """

    def __init__(self, prompter: Prompter, limit: int) -> None:
        self._prompter = prompter
        room = limit - min(RESERVE, max(1, limit // 8))
        self._window = Window(room - len(prompter.frame.prefix))
        self._lines: deque[list[int]] = deque()
        self.lines = 0  # that it was given

    def add(self, lines: Sequence[str]) -> None:
        """Append lines; each is tokenised by itself, as in a session."""
        for line in lines:
            tokens = self._prompter.vocabulary.encode(line + "\n")
            self._window.add(len(tokens))
            self._lines.append(tokens)
            self.lines += 1
        while len(self._lines) > self.lines - self._window.start:
            self._lines.popleft()

    def tokens(self) -> list[int]:
        """Prefix and lines."""
        return [*self._prompter.frame.prefix, *chain.from_iterable(self._lines)]

    def tail(self, question: str) -> list[int]:
        """What follows them."""
        return self._prompter.frame.tail(question, self._prompter.vocabulary)


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
