"""One session of the demo: a market feed, its standing questions, and the truth at each version."""

import time

from sticli.client import Client
from sticli.demo.world.market import Market
from sticli.demo.world.question import NONE
from sticli.protocol import Append, NewFlash, NewSession

SYMBOLS = 5
FULL = 0.8  # of the context: then another day begins in a new session
UNSEEN = 20  # lines at most whose length in tokens nobody knows yet
LAST = "which symbol traded last?"


class Day:
    """The only producer of its session, so each version's lines, hence its truths, are known."""

    def __init__(self, client: Client, number: int, seed: int, tokens: int) -> None:
        """Create the session and register the questions; `tokens` is what the context may hold."""
        self.name = f"market{number}"
        self.market = Market(seed + number, SYMBOLS, held_out=True)
        self.lines: list[str] = []
        first, second = self.market.symbols[:2]
        self.standing = [_price(first), _price(second), LAST]
        self.questions = [_price(symbol) for symbol in self.market.symbols] + [LAST]
        self._client = client
        self._tokens = tokens
        self._truths: dict[int, dict[str, str]] = {}
        self._accepted: dict[int, float] = {}
        self.version = 0
        client.new(NewSession(self.name))
        for question in self.standing:
            client.add_flash(self.name, NewFlash(question, max_tokens=16, debounce_ms=0))

    def trade(self) -> str:
        """Append the next line of the feed and remember the truth after it."""
        line = self.market.line()
        accepted = self._client.append(self.name, Append([line], "demo", len(self.lines)))
        self.lines.append(line)
        self.version = accepted.version
        self._truths[self.version] = {text: self.market.truth(text) for text in self.questions}
        self._accepted[self.version] = time.time()
        return line

    def truth(self, question: str, version: int) -> str | None:
        """The true answer at a version; None for a version that is not known."""
        return self._truths.get(version, {}).get(question)

    def accepted(self, version: int) -> float | None:
        """When a version was accepted, in seconds since the epoch."""
        return self._accepted.get(version)

    def known(self) -> list[str]:
        """The questions whose answer the feed has told by now."""
        truths = self._truths.get(self.version, {})
        return [text for text in self.questions if truths.get(text, NONE) != NONE]

    def over(self) -> bool:
        """Whether one more line might pass what the model may be trusted with.

        Lines that have not settled are taken to be as long as those that have.
        """
        session = self._client.session(self.name)
        if not session.settled_lines:
            return len(self.lines) >= UNSEEN
        room = FULL * min(self._tokens, session.limit)
        return session.tokens / session.settled_lines * (len(self.lines) + 1) >= room


def _price(symbol: str) -> str:
    return f"last price of {symbol}?"
