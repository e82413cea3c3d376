"""The pane `feed`: the lines of the chosen session as they come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from sticli.protocol import Line
from sticli.render import one_line, plural
from sticli.tui.entry import Entry
from sticli.tui.messages import Copied
from sticli.tui.roll import Roll
from sticli.tui.searched import Searched
from sticli.tui.whole import WholeScreen
from sticli.watch.state import LINES, State
from sticli.watch.symbols import symbols
from sticli.watch.words import clock

TITLE = "3 feed"


@dataclass(frozen=True)
class Gap:
    """Lines that came too fast to be shown."""

    first: int
    count: int


class FeedPane(Vertical):
    """Takes in what is new at each look; the terminal sees only the lines that fit."""

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._roll: Roll[Line | Gap] = Roll(_entry, LINES)
        self._searched = Searched(self._roll)
        self._state: State | None = None
        self._session: str | None = None
        self._begun = 0  # which lines these are: another session may take the name of this one
        self.border_title = TITLE

    def compose(self) -> ComposeResult:
        yield self._searched

    def focus(self, scroll_visible: bool = True) -> Self:
        self._roll.focus(scroll_visible)
        return self

    def show(self, state: State) -> None:
        """Draw what has changed."""
        self._state = state
        if (state.chosen, state.begun) != (self._session, self._begun):
            self._session, self._begun = state.chosen, state.begun
            name = f" {symbols().dot} {one_line(state.chosen)}" if state.chosen else ""
            self.border_title = Content(f"{TITLE}{name}")
            self._roll.empty()
        if new := self._roll.news(state.lines, state.line_count):
            self._roll.add([*_gaps(self._roll.last, new)])

    def on_roll_changed(self, event: Roll.Changed) -> None:
        event.stop()
        self.border_subtitle = Content(self._searched.remark())
        if self._state:
            self.show(self._state)  # it may follow again

    def on_roll_chosen(self, event: Roll.Chosen) -> None:
        event.stop()
        line = self._roll.here
        if not isinstance(line, Line):
            return
        if event.copy:
            self.post_message(Copied(line.text, f"line {line.seq:,}"))
        else:
            about = (
                f"line {line.seq:,} of {self._session}, {clock(line.at)}, version {line.version:,}"
            )
            self.app.push_screen(WholeScreen(about, line.text))


def _gaps(before: Line | Gap | None, lines: Iterable[Line]) -> Iterator[Line | Gap]:
    """The lines, and between those that do not follow each other what is not there."""
    for line in lines:
        if isinstance(before, Line) and line.seq > before.seq + 1:
            yield Gap(before.seq + 1, line.seq - before.seq - 1)
        yield line
        before = line


def _entry(line: Line | Gap) -> Entry:
    if isinstance(line, Gap):
        rule = symbols().missed * 3
        text = f"{rule} {plural(line.count, 'line')} from {line.first:,} on not shown {rule}"
        return Entry(text, remark=True)
    return Entry(one_line(line.text), f"{line.seq:>7,} {clock(line.at)}")
