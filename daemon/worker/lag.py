"""How long lines take from their arrival in the worker until they have settled."""

from collections import deque

from sticli.daemon.worker.recent import Recent


class Lag:
    """One measurement a batch of lines; what never settles is forgotten with its session."""

    def __init__(self) -> None:
        self.recent = Recent()
        self._marks: dict[str, deque[tuple[int, float]]] = {}  # (lines, when they came), growing

    def arrived(self, session: str, lines: int, now: float) -> None:
        """The first `lines` lines of a session are here."""
        self._marks.setdefault(session, deque()).append((lines, now))

    def settled(self, session: str, lines: int, now: float) -> None:
        """The first `lines` lines of a session are in its cache."""
        marks = self._marks.get(session)
        while marks and marks[0][0] <= lines:
            self.recent.add(now - marks.popleft()[1])

    def forget(self, session: str) -> None:
        self._marks.pop(session, None)
