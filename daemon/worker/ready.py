"""Decisions ahead of their being asked: how the model would begin, and forks that go on from there.

A fork is of use as long as its session stays as it was; whatever settles, or needs cells, ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sticli.daemon.engines.base import Engine, Scores, Vocabulary
from sticli.daemon.worker.guide import Guide
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.running import Running
from sticli.daemon.worker.sessions import Session

MOST = 8  # prepared forks of a session: an engine tells only so many sequences apart


@dataclass(frozen=True, slots=True)
class Reading:
    """What the distribution at a decision point says."""

    choice: str  # the only one that the likeliest allowed token begins; else empty
    lead: float  # logits between the two likeliest tokens, allowed or not
    certain: bool  # the likeliest token of all begins that choice, and leads by enough


def read(
    scores: Scores, guide: Guide, choices: Sequence[str], gap: float, vocabulary: Vocabulary
) -> Reading:
    """The choice that `guide` would let the model begin, by the last of the scores.

    What is certain is what decoding would come to: the token is the same, and it leaves one way on.

    Raises:
        ValueError: the scores are no numbers.
    """
    last = len(scores) - 1
    top, allowed = scores.pick(last), scores.pick(last, guide.allowed())
    choice = _begun(choices, vocabulary.piece(allowed.token))
    certain = bool(choice) and top.token == allowed.token and top.lead >= gap
    return Reading(choice, top.lead, certain)


def _begun(choices: Sequence[str], piece: bytes) -> str:
    """The choice that `piece`, white space ahead aside, begins; empty where several do."""
    start = piece.lstrip()
    found = {text.strip() for text in choices if text.strip().encode().startswith(start)}
    return found.pop() if len(found) == 1 else ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A fork that has read a decision's question, and what may follow."""

    question: Question
    scores: Scores  # of its last token

    @property
    def valid(self) -> bool:
        """Whether its session is as it was."""
        question, session = self.question, self.question.session
        seen = (question.cached, question.lines, question.window_from)
        return seen == (session.length, session.lines, session.window_from)


class Ready:
    """The prepared forks of all sessions, whose cells stay promised."""

    def __init__(self, engine: Engine, running: Running) -> None:
        self._engine = engine
        self._running = running
        self._prepared: dict[Session, list[Prepared]] = {}

    def cells(self, session: Session) -> int:
        """Cells of a session that are set aside for its prepared decisions."""
        return sum(item.question.need for item in self._prepared.get(session, ()))

    @property
    def total(self) -> int:
        """Cells that are so set aside in all sessions."""
        return sum(map(self.cells, self._prepared))

    def keep(self, question: Question, scores: Scores) -> None:
        """Keep a question that runs as it is now; the oldest makes room."""
        session = question.session
        self._running.pause(question)
        self._prepared.setdefault(session, []).append(Prepared(question, scores))
        if len(self._prepared[session]) > MOST:
            self.yields(session)
        self.outdate(session)

    def take(
        self, session: Session, id: str, tail: Sequence[int], max_tokens: int
    ) -> Prepared | None:
        """Hand over the fork of a decision that was put in this way, with its promised cells."""
        for item in self._prepared.get(session, ()):
            question = item.question
            if question.id == id:
                same = (question.tail, question.max_tokens) == (tail, max_tokens)
                if same and item.valid:
                    self._forget(item)
                    return item
                return None
        return None

    def yields(self, session: Session) -> bool:
        """Give up the oldest fork of a session; whether there was one."""
        for item in self._prepared.get(session, ()):
            self._drop(item)
            return True
        return False

    def frees(self, session: Session) -> bool:
        """Give up the oldest fork of a session or, where forks of all are out of one pool, one of
        another session; whether there was one."""
        others = list(self._prepared) if self._engine.shares else []
        return self.yields(session) or any(map(self.yields, others))

    def outdate(self, session: Session) -> None:
        """Give up the forks of a session that is no longer as it was."""
        for item in list(self._prepared.get(session, ())):
            if not item.valid:
                self._drop(item)

    def close(self, session: Session, id: str = "") -> None:
        """Give up the fork of one decision, or all of a session."""
        for item in list(self._prepared.get(session, ())):
            if id in ("", item.question.id):
                self._drop(item)

    def _drop(self, item: Prepared) -> None:
        self._forget(item)
        self._running.release(item.question)
        self._engine.drop(item.question.seq)

    def _forget(self, item: Prepared) -> None:
        session = item.question.session
        self._prepared[session].remove(item)
        if not self._prepared[session]:
            del self._prepared[session]
