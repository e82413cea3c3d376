"""How far a long work on a file is: one moving line with the rate and the time left."""

import time
from types import TracebackType

from sticli.meter import Meter
from sticli.render import age, size

LONGEST = 32  # letters of what goes on; the line must not wrap


class Transfer:
    """Draws on a terminal, if wanted; `tell` is called as often as one likes."""

    def __init__(self, *, wanted: bool) -> None:
        self._meter = Meter(wanted=wanted)
        self._what = ""
        self._began = self._from = 0.0

    def __enter__(self) -> "Transfer":
        return self

    def tell(self, what: str, done: int, total: int) -> None:
        """So many bytes of so many are done; the rate is that since this work began here."""
        now = time.monotonic()
        if what != self._what:
            self._what, self._began, self._from = what, now, done
        self._meter.draw(line(what, done, total, done - self._from, now - self._began))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._meter.end()


def line(what: str, done: int, total: int, moved: float, seconds: float) -> str:
    """What is drawn; `moved` bytes took so many seconds."""
    name = what if len(what) <= LONGEST else f"…{what[1 - LONGEST :]}"
    share = f"{name}: {size(done)} of {size(total)} ({100 * done // max(total, 1)} %)"
    if not (moved > 0 and seconds > 0):
        return share
    rate = moved / seconds
    return f"{share}, {size(int(rate))}/s, {age((total - done) / rate)} left"
