"""News that wait for a look: few of them, however late the look is."""

import threading
from collections import deque
from dataclasses import replace

from sticli.watch.news import LINES, Lost, News, Snapshot, anew

MOST = 4_096  # events that wait; the oldest give way, for snapshots hold the newest answers


class Pending:
    """Safe for several threads. Snapshots are merged into the newest; of losses the last counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[News] = deque(maxlen=MOST)
        self._lost: Lost | None = None
        self._snapshot: Snapshot | None = None

    def add(self, news: News) -> None:
        """Hold it until it is taken."""
        with self._lock:
            if isinstance(news, Snapshot):
                self._lost = None
                self._snapshot = merged(self._snapshot, news) if self._snapshot else news
            elif isinstance(news, Lost):
                self._lost = news
            else:
                self._events.append(news)

    def take(self) -> list[News]:
        """All that waits: events, then the daemon as it was seen last, then whether it is lost."""
        with self._lock:
            found = list(self._events)
            found += [one for one in (self._snapshot, self._lost) if one]
            self._events.clear()
            self._snapshot = self._lost = None
        return found


def merged(old: Snapshot, new: Snapshot) -> Snapshot:
    """What two snapshots say of which nobody has seen the first."""
    if old.chosen != new.chosen or anew(old.lines, new.lines):
        return new
    lines = [*old.lines, *new.lines]
    over = max(0, len(lines) - LINES)
    return replace(new, lines=lines[over:], skipped=old.skipped + new.skipped + over)
