"""The screen of the panes: where each is, which of them fit, and which has the focus."""

from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from sticli.tui.banner import Banner
from sticli.tui.device import DevicePane
from sticli.tui.events import EventsPane
from sticli.tui.feed import FeedPane
from sticli.tui.flash import FlashPane
from sticli.tui.head import Head
from sticli.tui.keys import Keys
from sticli.tui.places import PANES, SIDE, Place
from sticli.tui.scheduler import SchedulerPane
from sticli.tui.sessions import SessionsPane
from sticli.watch.options import Options
from sticli.watch.state import State


class Showing(Protocol):
    """A pane or a screen that draws the state."""

    def show(self, state: State) -> None: ...


class Desk(Screen[None]):
    """Tab goes from pane to pane, not to every widget in them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "turn(1)", "next pane", show=False),
        Binding("shift+tab", "turn(-1)", "previous pane", show=False),
    ]

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.place = Place()
        self.sessions = SessionsPane(id="sessions", classes="pane", wanted=options.session)
        head, banner = Head(id="head", readonly=options.readonly), Banner(id="banner")
        flash = FlashPane(id="flash", classes="pane", readonly=options.readonly)
        feed = FeedPane(id="feed", classes="pane")
        scheduler = SchedulerPane(id="scheduler", classes="pane")
        device = DevicePane(id="device", classes="pane")
        events = EventsPane(id="events", classes="pane")
        self._lines = (head, banner)
        self._main = Vertical(self.sessions, flash, feed, id="main")
        self._side = Vertical(scheduler, device, events, id="side")
        panes = (self.sessions, flash, feed, scheduler, device, events)
        self._panes: dict[str, Widget] = dict(zip(PANES, panes, strict=True))
        self._shown: tuple[Showing, ...] = (head, banner, *panes)

    def compose(self) -> ComposeResult:
        yield from self._lines
        yield Container(self._main, self._side, id="body")
        yield Keys()

    def show(self, state: State) -> None:
        """Have every pane look at the state."""
        for part in self._shown:
            part.show(state)

    def on_mount(self) -> None:
        self.go("sessions")

    def on_resize(self) -> None:
        self._arrange()

    def go(self, name: str) -> None:
        """Move to a pane; where not all fit it takes the place of another."""
        self.place = self.place.to(name)
        self._arrange()
        self._panes[name].focus()

    def action_turn(self, step: int) -> None:
        self.go(self.place.next(step, self.size.width, self.size.height))

    def _arrange(self) -> None:
        shown = self.place.shown(self.size.width, self.size.height)
        for name, pane in self._panes.items():
            pane.display = name in shown
        self._main.display = bool(shown - SIDE)
        self._side.display = bool(shown & SIDE)
        self.set_class(bool(shown & SIDE) and "feed" not in shown, "-aside")
        others = [f"{number} {name}" for number, name in enumerate(PANES, 1) if name not in shown]
        self._panes["flash"].border_subtitle = Content("  ".join(others))
