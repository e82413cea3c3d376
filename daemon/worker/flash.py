"""Standing questions: which are registered, and when each is due."""

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Standing:
    """One registered question of a session, and when it wants to be evaluated."""

    id: str
    tail: tuple[int, ...]
    max_tokens: int
    debounce_s: float
    due: float | None = None  # seconds of the loop's clock; None: its answer is fresh


class Flash:
    """Arms the questions of a session when a version settles.

    A question is due its debounce after the first version that it has not seen; versions that
    settle meanwhile ride along, so a steady feed delays it no further.
    """

    def __init__(self) -> None:
        self._standing: dict[str, dict[str, Standing]] = {}

    def add(self, session: str, standing: Standing) -> None:
        """Register a question, or replace the one of the same id."""
        self._standing.setdefault(session, {})[standing.id] = standing

    def remove(self, session: str, id: str) -> None:
        self._standing.get(session, {}).pop(id, None)

    def close(self, session: str) -> None:
        self._standing.pop(session, None)

    def settled(self, session: str, now: float) -> None:
        """A newer version is in the cache."""
        found = self._standing.get(session, {})
        for id, standing in found.items():
            if standing.due is None:
                found[id] = replace(standing, due=now + standing.debounce_s)

    def due(self, session: str, now: float) -> list[Standing]:
        """The questions of `session` whose time has come."""
        found = self._standing.get(session, {}).values()
        return [item for item in found if item.due is not None and item.due <= now]

    def started(self, session: str, id: str) -> None:
        """The question is being evaluated: it waits for the next version."""
        found = self._standing.get(session, {})
        if id in found:
            found[id] = replace(found[id], due=None)

    def next_due(self) -> float | None:
        """When the next question is due, whatever its session."""
        return min(self._times(), default=None)

    def _times(self) -> Iterator[float]:
        for found in self._standing.values():
            for standing in found.values():
                if standing.due is not None:
                    yield standing.due
