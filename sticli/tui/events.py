"""The pane `events`: what happened, in words, the newest last."""

from typing import ClassVar, Self

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from sticli.protocol import Event
from sticli.tui.entry import Entry
from sticli.tui.messages import Copied
from sticli.tui.roll import Roll
from sticli.tui.searched import Searched
from sticli.tui.whole import WholeScreen
from sticli.watch.state import EVENTS, State
from sticli.watch.words import about, clock, mark, told


class EventsPane(Vertical):
    """Follows the events of all sessions; `t` keeps those of one type."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("t", "type", "one type", show=False)]

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._roll: Roll[Event] = Roll(_entry, EVENTS, heads=True)
        self._searched = Searched(self._roll)
        self._state: State | None = None
        self._type = ""  # that is kept; empty: all
        self.border_title = "6 events"

    def compose(self) -> ComposeResult:
        yield self._searched

    def focus(self, scroll_visible: bool = True) -> Self:
        self._roll.focus(scroll_visible)
        return self

    def show(self, state: State) -> None:
        """Draw what has changed."""
        self._state = state
        if new := self._roll.news(state.events, state.event_count):
            self._roll.add(new)

    def action_type(self) -> None:
        """Go to the next type that there is, and at last to all of them."""
        seen = self._state.events if self._state else []
        types = ["", *sorted({event.type for event in seen})]
        place = types.index(self._type) if self._type in types else -1
        self._type = types[(place + 1) % len(types)]
        self._searched.keep(self._keeps)

    def _keeps(self, event: Event) -> bool:
        return self._type in ("", event.type)

    def on_roll_changed(self, event: Roll.Changed) -> None:
        event.stop()
        remarks = [f"only {self._type}"] if self._type else []
        self.border_subtitle = Content(", ".join([*remarks, self._searched.remark()]).strip(", "))
        if self._state:
            self.show(self._state)  # it may follow again

    def on_roll_chosen(self, event: Roll.Chosen) -> None:
        event.stop()
        if not (found := self._roll.here):
            return
        if event.copy:
            self.post_message(Copied(told(found), f"the event of {clock(found.at)}"))
        else:
            title = f"event {found.id:,}, {found.type}, {clock(found.at)}"
            self.app.push_screen(WholeScreen(title, about(found)))


def _entry(event: Event) -> Entry:
    return Entry(told(event), clock(event.at), mark(event))
