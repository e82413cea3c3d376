"""Standing questions: which are registered, and when each is due."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sticli.form import Form


@dataclass(frozen=True, slots=True)
class Standing:
    """One registered question of a session, and when it wants to be evaluated."""

    id: str
    tail: tuple[int, ...]
    max_tokens: int
    debounce_s: float
    due: float | None = None  # seconds of the loop's clock; None: its answer is fresh
    form: Form | None = None
    gap: float = 0.0  # of a decision: logits by which its likeliest choice must lead
    born: float = 0.0  # by the front's clock

    @property
    def decision(self) -> bool:
        """Whether it has a closed set of answers: it is prepared, not answered."""
        return self.form is not None and bool(self.form.choices)

    @property
    def need(self) -> int:
        """The cells that it may fill."""
        return len(self.tail) + self.max_tokens


class Flash:
    """Arms the questions of a session when a version settles.

    A question is due its debounce after the first version that it has not seen; versions that
    settle meanwhile ride along, so a steady feed delays it no further.
    """

    def __init__(self) -> None:
        self._standing: dict[str, dict[str, Standing]] = {}
        self._armed: dict[str, None] = {}  # sessions with a question that has a time, in order

    def add(self, session: str, standing: Standing) -> None:
        """Register a question, or replace the one of the same id."""
        self._standing.setdefault(session, {})[standing.id] = standing
        self._armed[session] = None

    def get(self, session: str, id: str) -> Standing | None:
        return self._standing.get(session, {}).get(id)

    def remove(self, session: str, id: str) -> None:
        self._standing.get(session, {}).pop(id, None)

    def close(self, session: str) -> None:
        self._standing.pop(session, None)
        self._armed.pop(session, None)

    def settled(self, session: str, now: float) -> None:
        """A newer version is in the cache."""
        found = self._standing.get(session, {})
        for id, standing in found.items():
            if standing.due is None:
                found[id] = replace(standing, due=now + standing.debounce_s)
                self._armed[session] = None

    def again(self, session: str, id: str, now: float) -> None:
        """The question did not come to its end: it is due at once."""
        found = self._standing.get(session, {})
        if id in found:
            found[id] = replace(found[id], due=now)
            self._armed[session] = None

    def sessions(self, now: float) -> list[str]:
        """The sessions with questions whose time has come."""
        armed = [name for name in self._armed if any(True for _ in self._times(name))]
        self._armed = dict.fromkeys(armed)
        return [name for name in self._armed if min(self._times(name)) <= now]

    def due(self, session: str, now: float) -> list[Standing]:
        """The questions of `session` whose time has come, in the order of their registration."""
        found = self._standing.get(session, {}).values()
        return [item for item in found if item.due is not None and item.due <= now]

    def started(self, session: str, id: str) -> None:
        """The question is being evaluated: it waits for the next version."""
        found = self._standing.get(session, {})
        if id in found:
            found[id] = replace(found[id], due=None)

    def next_due(self, after: float = -math.inf) -> float | None:
        """When the next question is due, whatever its session; those until `after` are known."""
        times = (time for name in self._armed for time in self._times(name))
        return min((time for time in times if time > after), default=None)

    def _times(self, session: str) -> Iterator[float]:
        for standing in self._standing.get(session, {}).values():
            if standing.due is not None:
                yield standing.due
