"""Names, answers, lines and errors that try to break, colour or leave the screen."""

import pytest
from rich.cells import cell_len

from sticli.errors import SticliError
from sticli.protocol import Problem
from sticli.watch.news import Lost
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
FORBIDDEN = {"\x1b", "\x07", "\x08", "\x00", "\x9b", "\u202e", "\u2066", "\u200f", "\ud800"}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_foreign_text_is_only_ever_text(kind: str) -> None:
    text = HOSTILE[kind]
    async with stage((120, 40), session=text) as on:
        await on.hear(look(sessions=[session(text, note=text, state="live")], chosen=None))
        await on.hear(_everywhere(text))
        _whole(on, 120)
        for key in ("2", "enter", "escape", "d", "escape", "f"):
            await on.press(key)
            _whole(on, 120)
        await on.press("escape")
        await on.hear(Lost(NOON, SticliError("internal", text, text)))
        await on.press("1", "slash")
        on.app.query_one("#sift").value = text.replace("\n", "")
        await on.pilot.pause()
        await on.pilot.resize_terminal(40, 10)
        await on.pilot.pause()
        _whole(on, 40)


def _everywhere(text: str) -> object:
    facts = {"last_error": text, "worker": "backoff", "failure": Problem("model", text, text)}
    answer = flash("k", text, session=text, question=text, source=text)
    return look(
        sessions=[session(text, note=text, place=text, on_full=text, flash=1)],
        chosen=text,
        flashes=[answer, flash(text, text, session=text)],
        lines=lines(1, text, text),
        status=status(**facts),
    )


def _whole(on: Stage, width: int) -> None:
    """Every line is as wide as the screen, and holds nothing that a terminal would act on."""
    found = drawn(on.app)
    assert not FORBIDDEN & set(found)
    strips = on.app.screen._compositor.render_strips()
    assert {cell_len(strip.text) for strip in strips} == {width}
    assert not [
    ]


async def test_markup_has_no_effect() -> None:
    async with stage((120, 40), session="[red]x[/]") as on:
        found = session("[red]x[/]")
        await on.hear(look(sessions=[found], chosen=None))
        await on.hear(look(sessions=[found], chosen="[red]x[/]", flashes=[]))
        said = drawn(on.app)
        assert said.count("[red]x[/]") >= 4  # a row, two titles, and what to do
        on.app.tell("[red]x[/]")
        await on.pilot.pause()
        assert drawn(on.app).count("[red]x[/]") > said.count("[red]x[/]")
