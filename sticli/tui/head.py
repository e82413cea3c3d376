"""The first line: what computes, how it is, how much of it is in use."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from sticli.protocol import Status
from sticli.render import short
from sticli.tui.table import said
from sticli.watch.news import Device
from sticli.watch.state import State
from sticli.watch.symbols import symbols
from sticli.watch.words import clock

FAINT = "$foreground 60%"
SLOW = 0.25  # seconds that an answer may stand still before it is worth a colour
SCARCE = 0.9  # of the cells are promised to sessions: there is hardly room for another
WORKER = {"ready": "$text-success", "starting": "$text-warning", "asleep": FAINT}


@dataclass(frozen=True)
class Part:
    """Something to say; of those that do not fit, the one with the highest `rank` goes first."""

    text: str
    rank: int
    style: str = ""


class Head(Widget):
    """One line, as full as the screen is wide."""

    def __init__(self, *, id: str, readonly: bool = False) -> None:
        super().__init__(id=id)
        self._readonly = readonly
        self._parts: tuple[Part, ...] = ()
        self._time = ""

    def show(self, state: State) -> None:
        """Draw what has changed."""
        found = tuple(parts(state, readonly=self._readonly))
        time = clock(state.at) if state.at else ""
        if (found, time) != (self._parts, self._time):
            self._parts, self._time = found, time
            self.refresh()

    def render(self) -> Content:
        kept = fitting(self._parts, self.size.width)
        found = Content("  ").join(Content.styled(part.text, part.style) for part in kept)
        room = self.size.width - found.cell_length
        if room < len(self._time) + 2:
            return found
        return found + Content.styled(self._time.rjust(room), FAINT)


def fitting(parts: Sequence[Part], width: int) -> list[Part]:
    """As many as fit, two blanks apart, the least important left out."""
    kept = list(parts)
    while len(kept) > 1 and sum(Content(part.text).cell_length + 2 for part in kept) - 2 > width:
        kept.remove(max(kept, key=lambda part: part.rank))
    return kept


def parts(state: State, *, readonly: bool) -> Iterable[Part]:
    """What there is to say, from left to right."""
    yield Part("sticli", 9, "bold $text-accent")
    if readonly:
        yield Part("read-only", 1, "reverse")
    if state.lost:
        yield Part(f"{symbols().stale} no daemon", 0, "bold $text-error")
    status = state.status
    if status is None:
        return
    if status.model:
        yield Part(said(status.model.name)[:40], 4, "bold")
        yield Part(said(status.model.engine), 8, FAINT)
    if not state.lost:
        yield _worker(status)
    yield from _cells(status)
    yield from _device(state.device)
    yield from _queue(status.usage)


def _worker(status: Status) -> Part:
    mark = symbols().fresh if status.worker == "ready" else symbols().stale
    style = WORKER.get(status.worker, "bold $text-error")
    return Part(f"{mark} {said(status.worker)}", 0, style)


def _cells(status: Status) -> Iterable[Part]:
    if not status.cells:
        return
    style = "$text-warning" if status.cells_reserved >= SCARCE * status.cells else ""
    yield Part(f"cells {short(status.cells_used)}/{short(status.cells)}", 2, style)


def _device(device: Device) -> Iterable[Part]:
    if device.busy is not None:
        kind = "GPU" if device.gpu else "CPU"
        yield Part(f"{kind} {device.busy:.0%}", 3)
    elif device.worker_cpu is not None:
        yield Part(f"CPU {device.worker_cpu:.1f}", 3)


def _queue(usage: dict[str, float]) -> Iterable[Part]:
    stall = usage.get("stall_s_max", 0.0)
    if stall:
        yield Part(f"stall {1000 * stall:.0f} ms", 5, "$text-warning" if stall >= SLOW else "")
    waiting = int(usage.get("asks_waiting", 0))
    running = int(usage.get("asks_running", 0))
    busy = f"+{running}" if running else ""
    yield Part(f"asks {waiting}{busy}", 6, "$text-warning" if waiting else FAINT)
