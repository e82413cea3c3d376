"""What a log has told by now of states and errors, and every question that follows from it."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sticli.demo.world.question import COUNTED, NONE, Asked

ABSENT = 0.16  # of the questions that name a service


@dataclass(slots=True)
class Complaints:
    """States and errors by service; `names` may be asked for, some of which never come."""

    rng: random.Random
    names: Sequence[str]
    states: Sequence[str]
    now: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    last: str = NONE
    failed: str = NONE
    time: str = NONE

    def state(self, name: str, state: str) -> None:
        """A service is in this state now."""
        self.now[name] = state

    def error(self, name: str, time: str, message: str) -> None:
        """A service has failed."""
        self.errors[name] = self.last = message
        self.failed, self.time = name, time
        self.counts[name] += 1

    def suggest(self, kind: str) -> Asked | None:
        """A question of this kind that can be asked now; None if there is none."""
        if kind in ("last_error", "error_service", "error_time"):
            return Asked(kind) if self.counts or self.rng.random() < 0.3 else None
        if kind == "count_errors":
            return Asked(kind) if self.counts.total() <= COUNTED else None
        if kind == "has_failed":
            return Asked(kind, self._name(self.errors, 0.5))
        if kind == "is_state":
            return self._is_state() if self.now else None
        if kind == "count_errors_of":
            name = self._name(self.errors, ABSENT)
            return Asked(kind, name) if self.counts[name] <= COUNTED else None
        return Asked(kind, self._name(self.now if kind == "service_state" else self.errors, ABSENT))

    def answer(self, asked: Asked) -> str:
        """The true answer now; "none" if nothing has told it."""
        name = asked.name
        match asked.kind:
            case "last_error" | "error_service" | "error_time":
                told = {"last_error": self.last, "error_service": self.failed}
                return told.get(asked.kind, self.time)
            case "error_of" | "service_state":
                return (self.errors if asked.kind == "error_of" else self.now).get(name, NONE)
            case "is_state" | "has_failed":
                right = self.now.get(name) == asked.value if asked.value else name in self.errors
                return "yes" if right else "no"
            case "count_errors" | "count_errors_of":
                return str(self.counts[name] if name else self.counts.total())
        raise ValueError(f"not a question about services: {asked}")

    def _name(self, known: dict[str, str], absent: float) -> str:
        """A name of `known` or, as often as `absent` says, another one."""
        if not known or self.rng.random() < absent:
            return self.rng.choice([name for name in self.names if name not in known])
        return self.rng.choice(list(known))

    def _is_state(self) -> Asked:
        name = self.rng.choice(list(self.now))
        true = self.now[name]
        others = [state for state in self.states if state != true]
        return Asked(
            "is_state", name, value=true if self.rng.random() < 0.5 else self.rng.choice(others)
        )
