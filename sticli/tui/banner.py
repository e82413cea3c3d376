"""The line under the head: why there is nothing new to see, and what is done about it."""

from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from sticli.errors import SticliError
from sticli.protocol import Status
from sticli.render import one_line
from sticli.tui.table import LONGEST
from sticli.watch.state import State
from sticli.watch.words import clock


@dataclass(frozen=True)
class Said:
    """What the banner says, and how much it matters: calm, warn or bad."""

    text: str
    tone: str


class Banner(Static):
    """Stands only while there is something to say."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._said: Said | None = Said("", "")

    def show(self, state: State) -> None:
        """Draw what has changed."""
        found = said(state)
        if found == self._said:
            return
        self._said = found
        self.display = found is not None
        if found:
            self.update(Content(found.text[:LONGEST]))
            for tone in ("calm", "warn", "bad"):
                self.set_class(tone == found.tone, f"-{tone}")


def said(state: State) -> Said | None:
    """What there is to say; None: all is well."""
    if state.lost:
        return _lost(state)
    if state.status is None:
        return Said("connecting…", "calm")
    return _worker(state.status)


def _lost(state: State) -> Said:
    error = state.lost or SticliError("unreachable", "")
    since = f"since {clock(state.lost_at)}, " if state.at else ""
    return Said(f"{since}trying again: {one_line(str(error))}", "bad")


def _worker(status: Status) -> Said | None:
    if status.failure:
        hint = f" ({status.failure.hint})" if status.failure.hint else ""
        return Said(one_line(f"the worker is stopped: {status.failure.message}{hint}"), "bad")
    if status.loading:
        return Said(one_line(f"the model is loading, {status.loading}"), "calm")
    if status.worker == "starting":
        return Said("the worker starts", "calm")
    if status.worker == "asleep":
        return Said("asleep, to save memory: the next line or ask wakes it", "calm")
    if status.worker == "ready":
        return None
    reason = f": {status.last_error}" if status.last_error else ""
    return Said(one_line(f"the worker is down and is started again{reason}"), "warn")
