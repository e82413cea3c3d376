"""The pane `device`: how hard the machine works, and what fills it."""

from collections import deque
from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from sticli.protocol import Status
from sticli.render import one_line, plural, size
from sticli.tui.columns import FAINT, Pair, beside, gauge, pairs
from sticli.tui.page import Page
from sticli.watch.bars import bar, curve
from sticli.watch.news import Device
from sticli.watch.state import State
from sticli.watch.symbols import symbols

NAME = 9  # columns of a name
WIDE = 74  # columns from which there are two of everything beside each other
BAR = 10
TITLE = "5 device"
CURVE = 60  # readings that are kept of how busy it was


class DevicePane(VerticalScroll):
    """Says too what nothing measures here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "down", show=False),
        Binding("k", "scroll_up", "up", show=False),
    ]

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._page = Page(self._drawn)
        self._busy: deque[float] = deque(maxlen=CURVE)
        self._at = 0.0
        self.border_title = TITLE

    def compose(self) -> ComposeResult:
        yield self._page

    def show(self, state: State) -> None:
        """Draw what has changed."""
        device = state.device
        name = f" {symbols().dot} {one_line(device.name)}" if device.name else ""
        self.border_title = Content(f"{TITLE}{name}")
        if state.at != self._at and device.busy is not None:
            self._busy.append(device.busy)
        self._at = state.at
        self._page.show(state)

    def _drawn(self, state: State, width: int) -> Content:
        return drawn(state, width, [*self._busy])


def drawn(state: State, width: int, past: list[float]) -> Content:
    """All that the pane says, in that many columns; `past` is how busy it was."""
    if state.status is None:
        return Content("no news of the daemon yet")
    narrow = width < WIDE
    column = width if narrow else width // 2 - 2
    machine = pairs(_machine(state.device, past, column - NAME), NAME)
    held = pairs(_held(state.device, state.status), NAME)
    return Content("\n").join([*machine, *held] if narrow else beside(machine, held, column + 1))


def _machine(device: Device, past: list[float], room: int) -> Iterator[Pair]:
    yield "busy", _busy(device, past, room)
    yield "memory", _memory(device, room)
    yield (
        "power",
        _unknown("no meter here tells") if device.watts is None else f"{device.watts:.0f} W",
    )


def _busy(device: Device, past: list[float], room: int) -> Content | str:
    if device.busy is None:
        return _unknown("nothing measures it")
    percent = f"{100 * device.busy:.0f} %".rjust(6)
    drawn = gauge(bar(device.busy, BAR))
    return Content.assemble(drawn, percent, " ", curve(past, max(0, room - BAR - 8)))


def _memory(device: Device, room: int) -> Content | str:
    if device.memory is None:
        return _unknown("nothing measures it")
    if not device.memory_total:
        return size(device.memory)
    share = device.memory / device.memory_total
    told = f"{100 * share:.0f} %".rjust(6)
    sizes = f"{size(device.memory)} of {size(device.memory_total)}"
    if room < BAR + 7 + len(sizes):
        return sizes
    return Content.assemble(gauge(bar(share, BAR)), f"{told} {sizes}")


def _held(device: Device, status: Status) -> Iterator[Pair]:
    yield "worker", _worker(device)
    yield from _cells(status)
    host, disk = (int(status.usage.get(f"{place}_bytes", 0)) for place in ("host", "disk"))
    yield "spilled", f"{size(host)} in RAM, {size(disk)} on disk"


def _worker(device: Device) -> Content | str:
    """What our processes take of the machine, whatever it is."""
    if device.worker_cpu is None and device.worker_memory is None:
        return _unknown("no worker to measure")
    cores = "" if device.worker_cpu is None else f"{device.worker_cpu:.2f} cores"
    held = "" if device.worker_memory is None else size(device.worker_memory)
    return ", ".join(filter(None, (cores, held)))


def _cells(status: Status) -> Iterator[Pair]:
    if not status.cells:
        yield "cells", _unknown("no worker holds any")
        return
    yield "cells", f"{status.cells_used:,} of {status.cells:,} used"
    yield "reserved", f"{plural(status.cells_reserved, 'cell')} for sessions"


def _unknown(why: str) -> Content:
    """What is not known, and why."""
    return Content.styled(f"{symbols().none} {why}", FAINT)
