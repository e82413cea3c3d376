"""One pane on a screen of its own, and what it tells the app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from sticli.tui.messages import Copied
from sticli.watch.news import News
from sticli.watch.state import State
from tests.sticli.tui.drawn import drawn


class Alone(App[None]):
    """Folds news, and holds what was copied."""

    def __init__(self, pane: Widget) -> None:
        super().__init__()
        self.pane = pane
        self.state = State()
        self.copied: list[tuple[str, str]] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_copied(self, message: Copied) -> None:
        self.copied.append((message.text, message.what))


class Stand:
    """An app of one pane, and the keys that go to it."""

    def __init__(self, app: Alone, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def hear(self, *news: News) -> None:
        for one in news:
            self.app.state.fold(one)
        self.app.pane.show(self.app.state)  # type: ignore[attr-defined]
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def seen(self) -> list[str]:
        """The lines on the screen, without blanks at their end."""
        return drawn(self.app).split("\n")[:-1]


@asynccontextmanager
async def alone(pane: Widget, size: tuple[int, int]) -> AsyncIterator[Stand]:
    """The pane, which has heard nothing yet, with the focus."""
    app = Alone(pane)
    async with app.run_test(size=size) as pilot:
        pane.styles.border = ("round", "white")
        pane.styles.height = "1fr"
        pane.focus()
        await pilot.pause()
        yield Stand(app, pilot)
