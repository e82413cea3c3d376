"""A simulated market feed that knows the true answer to every question about itself."""

import random

from sticli.demo import names
from sticli.demo.clock import Clock
from sticli.demo.question import NONE, Question, phrasings, recognise

LOWEST, HIGHEST = 10_00, 999_99


class Market:
    """Random walks of a few symbols, one trade a line: `10:02:11 ACME 131.25`.

    `held_out` draws symbols and phrasings that training never shows. Prices are kept in cents.
    """

    def __init__(self, seed: int, symbols: int | None = None, *, held_out: bool = False) -> None:
        self._rng = random.Random(f"market {seed} {held_out}")
        self._clock = Clock(self._rng)
        self._held_out = held_out
        count = symbols or self._rng.randint(4, 8)
        *known, self._absent = names.symbols(self._rng, count + 1, held_out=held_out)
        self.symbols: list[str] = known
        self._cents = {name: self._rng.randint(20_00, 800_00) for name in known}
        self._step = 10 ** self._rng.uniform(-3, -1)
        self._prices: dict[str, str] = {}
        self._last = NONE

    def line(self) -> str:
        """The next trade, without its newline."""
        name = self._rng.choice(self.symbols)
        moved = round(self._cents[name] * (1 + self._rng.gauss(0, self._step)))
        self._cents[name] = min(max(moved, LOWEST), HIGHEST)
        self._last, price = name, f"{self._cents[name] / 100:.2f}"
        self._prices[name] = price
        return f"{self._clock.tick()} {name} {price}"

    def truth(self, text: str) -> str:
        """The true answer to a question now; "none" if the symbol has not traded."""
        kind, name = recognise(text)
        if kind == "last_price":
            return self._prices.get(name, NONE)
        if kind == "last_symbol":
            return self._last
        raise ValueError(f"not a question about a market: {text!r}")

    def ask(self) -> Question:
        """A random question of a random kind; about one in twelve names an unknown symbol."""
        choice = self._rng.random()
        if choice < 0.3:
            return self._question("last_symbol", "")
        if choice < 0.92:
            return self._question("last_price", self._rng.choice(self.symbols))
        return self._question("last_price", self._absent)

    def questions(self) -> list[Question]:
        """Every question that can be asked now, one phrasing each."""
        asked = [self._question("last_price", name) for name in [*self.symbols, self._absent]]
        return [self._question("last_symbol", ""), *asked]

    def _question(self, kind: str, name: str) -> Question:
        phrasing = self._rng.choice(phrasings(kind, held_out=self._held_out))
        text = phrasing.format(name=name)
        truth = self.truth(text)
        absent = kind == "last_price" and truth == NONE
        return Question("unknown_price" if absent else kind, text, truth)
