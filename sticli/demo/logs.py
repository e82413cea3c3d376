"""A simulated service log that knows the true answer to every question about itself."""

import random

from sticli.demo import names
from sticli.demo.clock import Clock
from sticli.demo.question import NONE, Question, phrasings, recognise

STATES = ("up", "down", "slow", "busy")
MESSAGES = (
    "timeout", "refused", "overflow", "deadlock", "corrupt", "denied", "expired", "panic",
    "crash", "leak", "reset", "unreachable", "missing", "invalid", "throttled", "full",
)  # fmt: skip
WARNINGS = ("retry", "lagging", "restart", "degraded", "backoff")


class Logs:
    """A few services, one record a line: `10:02:11 auth ERROR timeout`, `... auth WARN retry` or
    `... auth up`. `held_out` draws services and phrasings that training never shows.
    """

    def __init__(self, seed: int, services: int | None = None, *, held_out: bool = False) -> None:
        self._rng = random.Random(f"logs {seed} {held_out}")
        self._clock = Clock(self._rng)
        self._held_out = held_out
        count = services or self._rng.randint(4, 8)
        *known, self._absent = names.services(self._rng, count + 1, held_out=held_out)
        self.services: list[str] = known
        self._states: dict[str, str] = {}
        self._error, self._failed = NONE, NONE

    def line(self) -> str:
        """The next record, without its newline."""
        name, choice = self._rng.choice(self.services), self._rng.random()
        if choice < 0.5:
            record = self._states[name] = self._rng.choice(STATES)
        elif choice < 0.8:
            self._failed, self._error = name, self._rng.choice(MESSAGES)
            record = f"ERROR {self._error}"
        else:
            record = f"WARN {self._rng.choice(WARNINGS)}"
        return f"{self._clock.tick()} {name} {record}"

    def truth(self, text: str) -> str:
        """The true answer to a question now; "none" if nothing in the log tells."""
        kind, name = recognise(text)
        if kind == "service_state":
            return self._states.get(name, NONE)
        if kind in ("last_error", "error_service"):
            return self._error if kind == "last_error" else self._failed
        raise ValueError(f"not a question about a log: {text!r}")

    def ask(self) -> Question:
        """A random question of a random kind; about one in twelve names an unknown service."""
        choice = self._rng.random()
        if choice < 0.25:
            return self._question("last_error", "")
        if choice < 0.5:
            return self._question("error_service", "")
        if choice < 0.92:
            return self._question("service_state", self._rng.choice(self.services))
        return self._question("service_state", self._absent)

    def questions(self) -> list[Question]:
        """Every question that can be asked now, one phrasing each."""
        asked = [self._question("service_state", name) for name in [*self.services, self._absent]]
        return [self._question("last_error", ""), self._question("error_service", ""), *asked]

    def _question(self, kind: str, name: str) -> Question:
        phrasing = self._rng.choice(phrasings(kind, held_out=self._held_out))
        text = phrasing.format(name=name)
        truth = self.truth(text)
        absent = kind == "service_state" and truth == NONE
        return Question("unknown_state" if absent else kind, text, truth)
