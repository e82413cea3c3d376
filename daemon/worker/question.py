"""One running question: a fork of its session, its tail, and the answer as it grows."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sticli.daemon.engines.base import Scores, Seq, Vocabulary
from sticli.daemon.worker.guesses import PRICE, Guesses
from sticli.daemon.worker.guide import Guide
from sticli.daemon.worker.sessions import Session

_Decoder = codecs.getincrementaldecoder("utf-8")


class Text:
    """The text of an answer, piece by piece: whole characters only, no white space ahead."""

    def __init__(self) -> None:
        self._decoder = _Decoder("replace")
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

    source: Literal["ask", "flash", "ready"]
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
    guide: Guide | None = None  # what its answer must look like
    pieces: bool = False  # whether somebody reads its answer as it grows
    prepaid: int = 0  # tokens of the tail that were computed before it was asked
    born: float = 0.0  # of a standing question: when it was registered, by the front's clock
    length: int = 0  # tokens in its sequence
    produced: list[int] = field(default_factory=list)
    text: Text = field(default_factory=Text)
    confidence: float = 0.0
    first_token: float = 0.0
    device_s: float = 0.0
    finish: Literal["", "stop", "length"] = ""
    guesses: Guesses = field(init=False)

    def __post_init__(self) -> None:
        self.length = self.cached + self.prepaid
        self.guesses = Guesses(self.session, self.tail, self.max_tokens)

    @property
    def need(self) -> int:
        """The cells that it may fill."""
        return len(self.tail) + self.max_tokens

    @property
    def decoding(self) -> bool:
        return bool(self.produced)

    @property
    def drafted(self) -> int:
        """Tokens that were guessed and computed."""
        return self.guesses.drafted

    @property
    def accepted(self) -> int:
        """Those among them that were right."""
        return self.guesses.accepted

    def guess(self, most: int, price: float = PRICE) -> int:
        """Guess at most `most` tokens ahead, where that pays; returns how many.

        A row that goes on with them verifies them; until then they stay. `price` is what one
        more token adds to a pass, as a share of the pass.
        """
        if self.guesses.tokens:
            return len(self.guesses.tokens)
        most = min(most, self.max_tokens - len(self.produced) - 1)
        if most > 0 and self.decoding:
            self.guesses.draft(self.produced, most, price, self.guide)
        return len(self.guesses.tokens)

    def waiting(self, most: int) -> int:
        """Tokens that can be computed now, at most `most`."""
        return min(most, 1 + len(self.guesses.tokens) if self.produced else self._left())

    def _left(self) -> int:
        return self.cached + len(self.tail) - self.length

    def take(self, count: int) -> Sequence[int]:
        """The next `count` of them."""
        if self.produced:
            return [self.produced[-1], *self.guesses.tokens[: count - 1]]
        begin = self.length - self.cached
        return self.tail[begin : begin + count]

    def wants(self, count: int) -> Literal["none", "last", "all"]:
        """Logits are of use once the tail is through."""
        if self.produced:
            return "all" if count > 1 else "last"
        return "last" if count == self._left() else "none"

    def advance(self, count: int, scores: Scores | None, vocabulary: Vocabulary, now: float) -> str:
        """Take in what a pass computed; returns the text that became printable.

        Of the guesses in the row those are kept that decoding one by one would have produced; the
        cells of the others lie beyond `length`, to be cut.

        Raises:
            ValueError: the scores are no numbers.
            SticliError: nothing goes on with the form of the answer.
        """
        guessed = self.guesses.tokens[: count - 1] if self.produced and count > 1 else []
        self.length += count - len(guessed)
        if scores is None:
            return ""
        printed, known = "", len(self.produced)
        for index, guess in enumerate([*guessed, None], len(scores) - 1 - len(guessed)):
            token = self._choose(scores, index, now)
            printed += self._add(token, vocabulary)
            if self.finish or token != guess:
                break
        accepted = _common(guessed, self.produced[known:])
        self.length += accepted
        self.guesses.settle(len(guessed), accepted)
        return printed

    def _choose(self, scores: Scores, index: int, now: float) -> int:
        """The likeliest token of those that the form allows.

        Confidence is about what the model would say by itself: a token that only the form makes
        the likeliest lies below its best rival.
        """
        pick = scores.pick(index, self.guide.allowed() if self.guide else None)
        if not self.produced:
            self.first_token = now
            self.confidence = pick.lead
        return pick.token

    def _add(self, token: int, vocabulary: Vocabulary) -> str:
        """Go on by one token; returns the text that became printable."""
        if vocabulary.ends(token):
            self.finish = "stop"
            return ""
        self.produced.append(token)
        if len(self.produced) >= self.max_tokens:
            self.finish = "length"
        printed = self._print(vocabulary.piece(token))
        if self.guide and self.finish != "stop":
            self.guide.take(token)
            self.finish = "stop" if self.guide.ended else self.finish
        return printed

    def _print(self, data: bytes) -> str:
        """Add to the text; with `one_line`, stop where its first line ends."""
        if self.text.empty:
            data = data.lstrip()
        line, newline, _ = data.partition(b"\n")
        if self.one_line and newline:
            self.finish = "stop"
            return self.text.add(line)
        return self.text.add(data)


def _common(guessed: Sequence[int], produced: Sequence[int]) -> int:
    """How many tokens both begin with."""
    pairs = zip(guessed, produced, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(guessed), len(produced)))
