"""What a lone, fresh session answers, computed by the bare engine: an oracle with its margin."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sticli.daemon.engines.base import Engine, Plan, Row, Vocabulary
from sticli.daemon.worker.question import Text
from sticli.daemon.worker.template import Frame


@dataclass(frozen=True)
class Said:
    """An answer, and the least lead that any of its tokens had over the runner-up, in logits."""

    text: str
    margin: float


@dataclass
class Lone:
    """Answers on sequences of its own, each filled in one pass; the same question only once."""

    engine: Engine
    vocabulary: Vocabulary
    frame: Frame
    known: dict[tuple[tuple[str, ...], str], Said] = field(default_factory=dict)

    def answer(self, lines: Sequence[str], question: str, most: int) -> Said:
        """What follows the lines and the question, at most `most` tokens."""
        key = (tuple(lines), f"{most} {question}")
        if key not in self.known:
            self.known[key] = self._compute(lines, question, most)
        return self.known[key]

    def _compute(self, lines: Sequence[str], question: str, most: int) -> Said:
        tokens = list(self.frame.prefix)
        for line in lines:
            tokens += self.vocabulary.encode(line + "\n")
        tokens += self.frame.tail(question, self.vocabulary)
        seq = self.engine.open(len(tokens) + most)
        try:
            text, margin = Text(), float("inf")
            for _ in range(most):
                row = Row(seq, tokens, self.engine.length(seq), "last")
                (scores,) = self.engine.run(Plan((row,))).scores
                assert scores is not None
                pick = scores.pick(0)
                margin = min(margin, pick.lead)
                if self.vocabulary.ends(pick.token):
                    break
                text.add(self.vocabulary.piece(pick.token))
                tokens = [pick.token]
            return Said(str(text), margin)
        finally:
            self.engine.drop(seq)
