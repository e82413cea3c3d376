"""The live feed: follows, stands still, finds, cuts, and never acts on what is in a line."""

import re

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input

from sticli.protocol import Line
from sticli.tui.entry import Entry
from sticli.tui.feed import FeedPane
from sticli.tui.roll import Roll
from sticli.watch.state import LINES
from tests.sticli.tui.alone import Stand, alone
from tests.sticli.tui.said import lines
from tests.sticli.tui.world import look

NARROW = (80, 9)  # seven lines of a feed
WIDE = (100, 9)
HOSTILE = (
    "\x1b[31mred\x1b[0m and \x1b]0;a title\x07 gone",
    "[bold]not bold[/bold] [link=http://x]no link[/link] [@click=app.quit]no key[/]",
    "日本語の行 " * 20,
    "a\ttab, a\rreturn, \x00 and \x9b5n, \u202eback\u202c",
    "cut in two \x1b]52;c;AAAA",
    "[",
)
SEEN = [
    "│ [bold]not bold[/bold] [link=http://x]no link[/link] [@click=app.quit]no key…",
    "│ 日本語の行 日本語の行 日本語の行 日本語の行 日本語の行 日本語の行 日本語の …",
    "│ a tab, a␍return, ␀ and , �back�",
    "│ cut in two 52;c;AAAA",
    "│ [",
    "│ ┄┄┄ 405 lines from 7 on not shown ┄┄┄",
    "│›after a gap",
]


async def fed(on: Stand, *texts: str, first: int = 1) -> None:
    """The session, chosen, and then these lines of it."""
    on.app.state.choose("ticks")
    await on.hear(look(lines=lines(first, *texts)))


def text(on: Stand) -> list[str]:
    """What the lines on the screen say."""
    return [line.strip("│›▁▂▃▄▅▆▇█ ") for line in on.seen[1:-1]]


def roll(on: Stand) -> Roll[Line]:
    return on.app.query_one(Roll)


async def test_foreign_text_is_shown_and_never_acted_on() -> None:
    async with alone(FeedPane(), NARROW) as on:
        await fed(on, *HOSTILE)
        await fed(on, "after a gap", first=412)
        seen = [re.sub("[▁-▇]", " ", line) for line in on.seen[1:]]  # the scrollbar, wherever it is
        assert [line[: len(want)] for line, want in zip(seen, SEEN, strict=False)] == SEEN
        assert on.seen[0].startswith("╭─ 3 feed · ticks ─")
        await on.press("n")
        assert text(on)[-1] == "412 12:06:52 after a gap"
        assert not any(ord(letter) < 32 for line in on.seen for letter in line)


async def test_it_stands_still_while_lines_come_and_then_follows_again() -> None:
    async with alone(FeedPane(), WIDE) as on:
        await fed(on, *(f"old {n}" for n in range(1, 31)))
        await on.press("k", "k")
        before = text(on)
        assert before[-1] == "30 12:00:30 old 30"
        await fed(on, "new 31", "new 32", first=31)
        await fed(on, "new 33", first=33)
        assert text(on) == before
        assert "paused, +3 new" in on.seen[-1]
        await on.press("G")
        assert [line[-6:] for line in text(on)[-3:]] == ["new 31", "new 32", "new 33"]
        assert "paused" not in on.seen[-1]
        await on.press("space")
        await fed(on, "new 34", first=34)
        assert "paused, +1 new" in on.seen[-1]
        await on.press("space")
        assert text(on)[-1].endswith("new 34")


async def test_what_was_scrolled_to_stays_and_the_end_is_followed_again_from_there() -> None:
    async with alone(FeedPane(), NARROW) as on:
        await fed(on, *(f"line {n}" for n in range(1, 21)))
        await on.press("g")
        await fed(on, "line 21", first=21)
        assert text(on)[0] == "line 1"
        await on.press(*["pagedown"] * 5)
        assert text(on)[-1] == "line 21"
        assert roll(on).following
        roll(on).post_message(wheel(roll(on), up=True))
        await on.pilot.pause()
        await fed(on, "line 22", first=22)
        assert "line 22" not in text(on)
        assert "+1 new" in on.seen[-1]
        for _ in range(4):
            roll(on).post_message(wheel(roll(on), up=False))
            await on.pilot.pause()
        assert text(on)[-1] == "line 22"
        await on.pilot.click(Roll, offset=(3, 2))
        await on.press("y")
        assert on.app.copied == [("line 18", "line 18")]


def wheel(on: Roll[Line], *, up: bool) -> events.MouseEvent:
    kind = events.MouseScrollUp if up else events.MouseScrollDown
    return kind(on, 1, 1, 0, 0, 0, False, False, False)


async def test_a_filter_shows_only_what_matches_and_marks_it() -> None:
    async with alone(FeedPane(), NARROW) as on:
        await fed(on, "tick ACME 1", "tick VOLT 2", "[x] acme 3")
        await on.press("slash", *"acme")
        assert text(on)[:3] == ["tick ACME 1", "[x] acme 3", ""]
        marked = [part.text for part in roll(on).render_line(1) if part.style and part.style.bold]
        assert marked == ["acme"]
        await fed(on, "tick VOLT 4", "ACME 5", first=4)
        assert text(on)[-1] == "/acme"
        assert "/acme: 3" in on.seen[-1]
        await on.press("enter", "escape")
        assert "tick VOLT 4" in text(on)
        await on.press("slash", "[", "x", "]")
        assert on.app.focused is on.app.query_one(Input)
        assert [line for line in text(on) if line] == ["[x] acme 3", "/[x]"]


async def test_a_line_is_shown_whole_and_copied() -> None:
    async with alone(FeedPane(), NARROW) as on:
        await fed(on, "ACME " * 60 + "\x1b[31mend", first=7)
        assert text(on)[0].endswith("…")
        await on.press("enter")
        assert on.seen[0].startswith("╭─ line 7 of ticks, 12:00:07, version 7 ─")
        whole = "".join(on.seen).replace("│", " ").split()
        assert whole.count("ACME") == 60
        await on.press("y", "escape", "y")
        assert on.app.copied == [
            ("ACME " * 60 + "end", "the text"),
            ("ACME " * 60 + "end", "line 7"),
        ]


async def test_another_session_begins_anew() -> None:
    async with alone(FeedPane(), NARROW) as on:
        await fed(on, "of ticks", "of ticks")
        await on.press("k")
        on.app.state.choose("logs")
        await on.hear(look(chosen="logs", lines=lines(9, "of logs")))
        assert text(on)[0] == "of logs"
        assert on.seen[0].startswith("╭─ 3 feed · logs ─")
        assert roll(on).following


class Counted(App[None]):
    """A roll that counts what it draws."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = 0
        self.roll: Roll[int] = Roll(self.entry, LINES)

    def compose(self) -> ComposeResult:
        yield self.roll

    def entry(self, number: int) -> Entry:
        self.drawn += 1
        return Entry(f"line {number}")


async def test_only_lines_on_the_screen_are_drawn_and_only_so_many_are_kept() -> None:
    app = Counted()
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        for first in range(0, 20_000, 2_000):
            app.roll.add(range(first, first + 2_000))
            await pilot.pause()
        assert app.drawn <= 10 * 3 * 20
        assert app.roll.shown == [*range(18_000, 20_000)]
        assert app.roll.virtual_size.height == LINES
        assert app.roll.scroll_offset.y == LINES - 20
        before = app.drawn
        await pilot.pause()
        assert app.drawn == before  # nothing new, nothing drawn
