"""Names, answers, lines and errors that try to break, colour or leave the screen."""

from rich.cells import cell_len

from sticli.errors import SticliError
from sticli.protocol import Problem
from sticli.tui.messages import Copied
from sticli.tui.table import Table
from sticli.watch.news import Lost, Snapshot
from tests.sticli.tui.acted import Stage, stage
from tests.sticli.tui.drawn import drawn
from tests.sticli.tui.said import NOON, flash, lines, session, status
from tests.sticli.tui.world import look

HOSTILE = {
    "markup": "[red]x[/] [/] [@click=app.quit]y[/] [[ \\[b]",
    "escapes": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\x9b1m \x07\x08\x00",
    "bidi": "\u202eevil\u2066 \u200f",
    "wide": "株価は上昇🙂🇩🇪👩‍👩‍👧 e\u0301\u0323 ｆｕｌｌ",
    "long": "x" * 65_536,
    "surrogates": "\ud800 \udfff",
    "newlines": "a\nb\r\nc\td",
}
JOINERS = {"\u200d"}  # hold an emoji together


async def test_foreign_text_is_only_ever_text() -> None:
    names = list(HOSTILE.values())
    async with stage((100, 30), session=names[0]) as on:
        await on.hear(_everywhere(names, None))
        await on.hear(_everywhere(names, names[0]))
        _harmless(on)
        for key in ("2", "enter", "escape", "d", "escape", "f", "escape"):
            await on.press(key)
            _harmless(on)
        for text in names:
            on.app.query_one("#sessions").query_one(Table).select(text)
            await on.hear(_everywhere(names, text))
            on.app.tell(text[:300])
            await on.hear(Lost(NOON, SticliError("internal", text, text)))
            _harmless(on)
            on.app.clear_notifications()
        name = HOSTILE["markup"]
        on.app.query_one("#sessions").query_one(Table).select(name)
        await on.hear(_everywhere(names, name))
        assert drawn(on.app).count("[red]x[/] [/]") >= 4  # a row, titles, an answer, a line


async def test_what_is_copied_does_nothing_where_it_is_pasted() -> None:
    async with stage((80, 24)) as on:
        await on.hear(look())
        on.app.post_message(Copied("rm\x1b[201~\rls\tx\ny", "a line"))
        await on.press("escape")
        assert on.app.clipboard == "rm\u240dls\tx\ny"


def _everywhere(names: list[str], chosen: str | None) -> Snapshot:
    text = chosen or names[0]
    facts = {"last_error": text, "worker": "backoff", "failure": Problem("model", text, text)}
    return look(
        sessions=[session(name, note=name, place=name, on_full=name, flash=1) for name in names],
        chosen=chosen,
        flashes=[flash(name, name, session=text, question=name, source=name) for name in names],
        lines=lines(1, *names),
        status=status(**facts),
    )


def _harmless(on: Stage) -> None:
    """Every line is as wide as the screen, and holds nothing that a terminal would act on."""
    strips = on.app.screen._compositor.render_strips()
    found = {letter for strip in strips for letter in strip.text}
    assert not {letter for letter in found if not letter.isprintable()} - JOINERS
    assert {cell_len(strip.text) for strip in strips} == {on.app.size.width}
