"""Random walks of numbers, in units of their last decimal."""

import random
from dataclasses import dataclass

from sticli.demo.world.series import Bar


@dataclass(slots=True)
class Walk:
    """Where a number stands, how it moves: relative step and drift, chance of a jump."""

    rng: random.Random
    now: int
    step: float
    drift: float = 0.0
    jumps: float = 0.0
    scale: int = 0  # what steps are relative to; 0: the number itself, which stays positive
    lowest: int = 1
    highest: int = 10**9

    def next(self) -> int:
        """The number after one move."""
        moved = self.rng.gauss(self.drift * self.step, self.step)
        if self.jumps and self.rng.random() < self.jumps:
            moved += self.rng.choice((-1, 1)) * 10 * self.step
        self.now += round((self.scale or self.now) * max(moved, -0.5))
        if not self.scale:
            self.now = min(max(self.now, self.lowest), self.highest)
        return self.now

    def bar(self, moves: int) -> Bar:
        """Open, high, low and close over so many moves."""
        told = [self.now, *(self.next() for _ in range(moves))]
        return Bar(told[0], max(told), min(told), told[-1])


def level(number: int) -> Bar:
    """A plain value as a bar."""
    return Bar(number, number, number, number)
