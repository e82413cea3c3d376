"""The dashboard over a scripted source, looked at where a test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual.pilot import Pilot

from sticli.tui.dashboard import Dashboard
from sticli.watch.news import News
from sticli.watch.options import Options
from tests.sticli.tui.drawn import drawn, same
from tests.sticli.tui.said import Said
from tests.sticli.tui.world import look, news

SETTLED = 0.05  # seconds without a change
NEVER = 1e6  # seconds: the timer of the dashboard does not come into it


@dataclass
class Stage:
    """An app, the keys that go to it, and what its source says."""

    app: Dashboard
    pilot: Pilot[None]
    said: Said

    async def hear(self, *news: News) -> None:
        """Have the dashboard hear this, and draw it."""
        self.said.news += news
        self.app.tick()
        await self.pilot.pause()

    async def begin(self) -> None:
        """Hear of the world, with `ticks` chosen."""
        await self.hear(look(chosen=None))
        self.said.news += news()
        await self.hear()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def same(self, name: str) -> None:
        """Once the screen stands still, it is the one of that name."""
        before = ""
        while before != (now := drawn(self.app)):
            before = now
            await self.pilot.pause(SETTLED)
        same(self.app, name)

    @property
    def told(self) -> list[str]:
        """The notices that stand."""
        return [notice.message for notice in self.app._notifications]


@asynccontextmanager
async def stage(
    size: tuple[int, int] = (80, 24), *, session: str | None = None, readonly: bool = False
) -> AsyncIterator[Stage]:
    """A dashboard on a screen of that size, which has heard nothing yet."""
    said = Said()
    app = Dashboard(said, Options(session, NEVER, readonly))
    async with app.run_test(size=size) as pilot:
        yield Stage(app, pilot, said)
