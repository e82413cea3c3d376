"""The pane `scheduler`: what the device works for, and who waits for it."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from sticli.render import plural, short
from sticli.tui.columns import FAINT, Pair, beside, gauge, pairs
from sticli.tui.page import Page
from sticli.watch.bars import bar
from sticli.watch.rates import WINDOW
from sticli.watch.state import CLASSES, State
from sticli.watch.symbols import symbols

NAME, SHARE, RATE, STEP = 7, 6, 7, 7  # columns of a row, but for its bar
LEAST = 4  # columns of a bar
WIDE = 74  # columns from which numbers stand beside the bars
FACT = 10  # columns of the name of a number

Numbers = Mapping[str, float]


class SchedulerPane(VerticalScroll):
    """A bar for each class of work, and the counts that say how well it goes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "down", show=False),
        Binding("k", "scroll_up", "up", show=False),
    ]

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._page = Page(drawn)
        self.border_title = f"4 scheduler {symbols().dot} last {WINDOW:.0f} s"

    def compose(self) -> ComposeResult:
        yield self._page

    def show(self, state: State) -> None:
        """Draw what has changed."""
        self._page.show(state)


def drawn(state: State, width: int) -> Content:
    """All that the pane says, in that many columns."""
    if state.status is None:
        return Content("no news of the daemon yet")
    facts = pairs(_counts(state.status.usage | state.status.counters), FACT)
    if width < WIDE:
        return Content("\n").join([*_classes(state, width), *facts])
    half = width // 2
    return Content("\n").join(beside([*_classes(state, half)], facts, half + 2))


def _classes(state: State, width: int) -> Iterator[Content]:
    """A row for each class of work, under a head, and one for the rest of the time."""
    usage = state.status.usage if state.status else {}
    shares, rates = state.shares(), state.token_rates()
    steps = width >= NAME + LEAST + SHARE + RATE + 2 * STEP
    room = max(LEAST, width - NAME - SHARE - RATE - 2 * STEP * steps)
    heads = "share".rjust(SHARE) + "tok/s".rjust(RATE)
    heads += ("p50 ms".rjust(STEP) + "p99 ms".rjust(STEP)) * steps
    yield Content.styled(" " * (NAME + room) + heads, FAINT)
    for kind in CLASSES:
        tail = short(round(rates[kind])).rjust(RATE)
        tail += (_step(usage, kind, "p50") + _step(usage, kind, "p99")) * steps
        yield _line(kind, shares[kind], room, tail)
    yield _line("idle", max(0.0, 1 - sum(shares.values())), room, "")


def _line(name: str, share: float, room: int, tail: str) -> Content:
    part = ("<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %").rjust(SHARE)
    return Content.assemble(name.ljust(NAME), gauge(bar(share, room)), part + tail)


def _step(usage: Numbers, kind: str, quantile: str) -> str:
    """How long its passes take, in ms; none of late: a dash."""
    if not usage.get(f"step_s_{kind}_count"):
        return symbols().none.rjust(STEP)
    return f"{1000 * usage.get(f'step_s_{kind}_{quantile}', 0.0):.1f}".rjust(STEP)


def _counts(usage: Numbers) -> Iterator[Pair]:
    def some(name: str) -> int:
        return int(usage.get(name, 0))

    yield "asks", f"{some('asks_running'):,} running, {some('asks_waiting'):,} waiting"
    yield "stall", _stall(usage)
    yield (
        "flash",
        f"{plural(some('flash_evaluations'), 'run')}, {plural(some('flash_hits'), 'hit')}",
    )
    yield "decisions", f"{some('ready_evaluations'):,} prepared, {some('ready_exits'):,} read off"
    drafted = some("drafted")
    right = f"{100 * some('accepted') / drafted:.0f} % of {short(drafted)} right" if drafted else ""
    yield "drafts", right or symbols().none


def _stall(usage: Numbers) -> str:
    """How long asks waited for the pass that ran when they came."""
    if not usage.get("stall_s_count"):
        return symbols().none
    p99, longest = usage.get("stall_s_p99", 0.0), usage.get("stall_s_max", 0.0)
    return f"p99 {1000 * p99:.1f}, longest {1000 * longest:.1f} ms"
