"""The feeds of the workloads: seeded, endless, and they know what is true of them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sticli.bench.prompt import Prompter
from sticli.demo.world.clock import Clock
from sticli.demo.world.market import Market

LAST_SYMBOL = "which symbol traded last?"  # of a market
DIRECTION = "did the last candle close up or down?"  # of candles
CENTS = range(100_00, 1000_00)  # prices: five digits, two tokens of a Llama vocabulary


class Feed(Protocol):
    """Lines without end, and the right answers to the questions that it knows."""

    def line(self) -> str: ...

    def truth(self, text: str) -> str:
        """The right answer now; empty for a question that it does not know."""


class Trades:
    """The demo's market, which the embedded model can read: `10:02:11 ACME 131.25`."""

    def __init__(self, seed: int) -> None:
        self._market = Market(seed)

    def line(self) -> str:
        return self._market.line()

    def truth(self, text: str) -> str:
        return self._market.truth(text) if text == LAST_SYMBOL else ""


class Candles:
    """Open, high, low, close in cents and volume: `13125,13190,13110,13140,1532200`.

    It is 16 tokens of a vocabulary that groups digits by three, as Llama's does.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"candles {seed}")
        self._open = self._close = self._random.choice(CENTS)

    def line(self) -> str:
        walk = _walk(self._random, self._close, 0.0, 9)
        self._open, self._close = walk[0], walk[-1]
        volume = self._random.randint(1_000_000, 9_999_999)
        return f"{self._open},{max(walk)},{min(walk)},{self._close},{volume}"

    def truth(self, text: str) -> str:
        if text != DIRECTION or self._open == self._close:
            return ""
        return "up" if self._close > self._open else "down"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some trades of one symbol, and whether the last was above the first: `up` or `down`."""

    lines: tuple[str, ...]
    truth: str


def chunks(seed: int, symbol: str, lines: int) -> Iterator[Chunk]:
    """A price that drifts one way in each chunk of so many lines, with noise over it, endlessly."""
    source = random.Random(f"chunks {seed}")
    clock, cents = Clock(source), source.choice(CENTS)
    while True:
        walk = _walk(source, cents, source.choice((-1, 1)) * source.uniform(0.2, 2.0), lines)
        if walk[-1] == walk[0]:
            continue  # neither up nor down
        cents = walk[-1]
        told = tuple(f"{clock.tick()} {symbol} {one / 100:.2f}" for one in walk)
        yield Chunk(told, "up" if walk[-1] > walk[0] else "down")


def _walk(source: random.Random, start: int, drift: float, steps: int) -> list[int]:
    """Prices from `start` on; `drift` is in deviations of one step."""
    walk = [start]
    for _ in range(steps - 1):
        moved = round(walk[-1] + source.gauss(drift, 1.0) * 20)
        walk.append(min(max(moved, CENTS.start), CENTS.stop - 1))
    return walk


class Source:
    """A feed by the token: what one call takes too much is left out of the next."""

    def __init__(self, feed: Feed, prompter: Prompter) -> None:
        self.feed = feed
        self._prompter = prompter
        self._owed = 0

    def take(self, tokens: int) -> list[str]:
        """The next lines, of so many tokens on the whole; each is counted by itself."""
        self._owed += tokens
        found = list[str]()
        while self._owed > 0:
            found.append(self.feed.line())
            self._owed -= len(self._prompter.line(found[-1]))
        return found
