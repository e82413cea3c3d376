"""The palette: every action, every session by name, every flash question; foreign text is text."""

from textual.widgets import Input

from sticli.tui.answer import AnswerScreen
from sticli.tui.help import HelpScreen
from sticli.tui.palette import Commands
from tests.sticli.tui.acted import Stage, stage
from tests.sticli.tui.drawn import drawn
from tests.sticli.tui.said import flash, session
from tests.sticli.tui.world import look


async def looked(on: Stage, typed: str) -> None:
    """Open the palette, type this, and wait until it has looked for it."""
    await on.press("colon")
    on.app.screen.query_one(Input).value = typed
    await on.pilot.pause()
    await on.app.workers.wait_for_complete()
    await on.pilot.pause()


async def chosen(on: Stage, typed: str) -> None:
    """Take the first that it found."""
    await looked(on, typed)
    await on.press("enter")


async def test_what_it_finds_is_done() -> None:
    async with stage((100, 24), session="ticks") as on:
        await on.hear(look())
        await chosen(on, "go to logs")
        assert on.app.state.chosen == "logs"
        await chosen(on, "this help")
        assert isinstance(on.app.screen, HelpScreen)


async def test_foreign_names_are_text() -> None:
    async with stage((100, 24), session="ticks") as on:
        evil = flash("[b]", question="[red]who[/] \x1b[31m[@click=app.quit]?[/]")
        for _ in range(2):  # with the first it chooses the session
            await on.hear(look(sessions=[session("ticks")], flashes=[evil]))
        await looked(on, "[red]who")
        assert "flash question [b]: [red]who[/] [@click=app.quit]?[/]" in drawn(on.app)
        await on.press("enter")
        assert isinstance(on.app.screen, AnswerScreen)


async def test_all_actions_of_the_screen_are_offered() -> None:
    async with stage((120, 40), session="ticks") as on:
        await on.hear(look())
        labels = {hit.text or "" async for hit in Commands(on.app.screen).discover()}
        for wanted in (
            "quit (q)", "sessions: sort by the next column (s)", "feed: pause (space)",
            "events: one type (t)", "feed: filter (/)", "go to archive", "to events (6)",
        ):  # fmt: skip
            assert wanted in labels
        assert len(labels) > 40
