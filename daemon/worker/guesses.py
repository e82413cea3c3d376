"""What a question guesses of its own answer: what stood in the text before, what its form forces.

Nothing here decides an answer: the pass that computes the guesses verifies them.
"""

from typing import TYPE_CHECKING

from sticli.daemon.worker.lookup import Lookup, Match
from sticli.daemon.worker.pace import FORCED

if TYPE_CHECKING:
    from sticli.daemon.worker.guide import Guide
    from sticli.daemon.worker.sessions import Session

PRICE = 0.25  # of a guess, as a share of a pass, where nobody knows better
SLICE = 4096  # tokens of a session indexed at once: about a millisecond


class Guesses:
    """The guesses of one question; costs nothing until the first `draft`."""

    def __init__(self, session: "Session", tail: list[int], max_tokens: int) -> None:
        self.drafted = 0
        self.accepted = 0
        self.tokens: list[int] = []  # those that wait to be verified
        self._session = session
        self._tail = tail
        self._text: list[int] = []  # the tail, and what was produced
        self._lookup: Lookup | None = None
        self._room = len(tail) + max_tokens
        self._length = 0  # of the match that the guesses came from

    def draft(self, produced: list[int], most: int, price: float, guide: "Guide | None") -> None:
        """Guess at most `most` tokens that follow those `produced`, none where it does not pay."""
        self.tokens = guide.forced() if guide else []
        self._length = FORCED if self.tokens else 0
        if not self.tokens:
            self._look(produced, most)
            if guide:
                del self.tokens[guide.allows(self.tokens) :]
        if self.tokens:
            worth = self._session.pace.worth(self._length, most, price)
            del self.tokens[worth:]

    def _look(self, produced: list[int], most: int) -> None:
        """Guess from the longest match in the question's own text or in its session's."""
        if self._lookup is None:
            self._text += self._tail
            self._lookup = Lookup(self._text, self._room)
        self._text += produced[len(self._text) - len(self._tail) :]
        self._lookup.read(self._room)
        own = self._lookup.find(self._text)
        other = self._index().find(self._text)
        found = own if own.length >= other.length else other
        if found.length:
            self._length = found.length
            self.tokens = self._repeat(own, most) if found is own else self._copy(other, most)

    def _index(self) -> Lookup:
        """The session's, brought a step further where lines have come."""
        session = self._session
        if session.lookup is None or not session.lookup.of(session.tokens):
            session.lookup = Lookup(session.tokens, session.limit)
        session.lookup.read(SLICE)
        return session.lookup

    def _copy(self, match: Match, most: int) -> list[int]:
        return list(self._session.tokens[match.after : match.after + most])

    def _repeat(self, match: Match, most: int) -> list[int]:
        """What followed in the question's own text; past its end, what it would go on with."""
        found = self._text[match.after : match.after + most]
        period = len(self._text) - match.after
        while len(found) < most:
            found.append(found[-period])
        return found

    def settle(self, drafted: int, accepted: int) -> None:
        """Take in that of the first `drafted` guesses, which were computed, some were right."""
        self.tokens = []
        if not drafted:
            return
        self.drafted += drafted
        self.accepted += accepted
        self._session.ledger.drafted += drafted
        self._session.ledger.accepted += accepted
        self._session.pace.observe(self._length, drafted, accepted)
