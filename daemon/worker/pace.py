"""How often guesses came true, and so how many of them are worth their price."""

from sticli.daemon.worker.lookup import LONGEST

FORCED = LONGEST + 1  # a guess that the form of the answer leaves no choice about
DECAY = 0.95  # of what earlier passes taught, a pass
EXTRA = 0.05  # of a pass, a guess: its logits, and the cut if it is wrong
WEIGHT = 2.0  # guesses that the first estimate stands for
RETRY = 64  # passes without a guess after which one is tried again


class Pace:
    """What one session's guesses taught, by the length of the match that they came from."""

    def __init__(self) -> None:
        rates = [1 - 1 / max(length, 1) for length in range(FORCED)]
        self._right = [WEIGHT * rate for rate in [*rates, 0.95]]
        self._tried = [WEIGHT] * len(self._right)
        self._quiet = [0] * len(self._right)

    def worth(self, length: int, most: int, price: float) -> int:
        """How many guesses after a match of `length` tokens make the most tokens a second.

        `price` is what one more token adds to a pass, as a share of the pass.
        """
        price += EXTRA
        rate = self._right[length] / self._tried[length]
        tokens, cost, chance, count = 1.0, 1.0, rate, 0
        while count < most and chance * cost > price * tokens:
            tokens, cost, count = tokens + chance, cost + price, count + 1
            chance *= rate
        return count or self._retry(length, most)

    def _retry(self, length: int, most: int) -> int:
        """Now and then one guess, for texts change; as long as it is right, one more."""
        if self._quiet[length] < RETRY:
            self._quiet[length] += 1
            return 0
        self._quiet[length] = 0
        return min(1, most)

    def observe(self, length: int, drafted: int, accepted: int) -> None:
        """Learn from a pass that verified guesses: those before the first wrong one were right."""
        self._right[length] = DECAY * self._right[length] + accepted
        self._tried[length] = DECAY * self._tried[length] + min(accepted + 1, drafted)
        if accepted == drafted:
            self._quiet[length] = RETRY  # try again at once
