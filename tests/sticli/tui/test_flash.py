"""The pane of flash questions: what stands where there is no answer."""

from sticli.form import Form
from sticli.tui.flash import COLUMNS
from tests.sticli.tui.acted import stage
from tests.sticli.tui.drawn import drawn
from tests.sticli.tui.said import flash
from tests.sticli.tui.world import look

NONE: dict[str, object] = {"evaluated_at": None, "version": None, "confidence": None}
CHOICES = Form(choices=["up", "down"])


async def test_a_decision_left_open_says_so_and_why() -> None:
    flashes = [
        flash("below", None, form=CHOICES, lead=0.8, **NONE),
        flash("none", None, form=CHOICES, lead=9.0, **NONE),
        flash("early", None, form=CHOICES, **NONE),
    ]
    async with stage(session="ticks") as on:
        await on.begin()
        await on.hear(look(flashes=flashes))
        rows = {key: row for row in drawn(on.app).splitlines() for key in row.split()[2:4]}
        assert "◇ below  open: below gap" in rows["below"]
        assert "◇ none   open: no one choice" in rows["none"]
        assert "◆ early  not answered yet" in rows["early"]
        await on.press("2", "enter")
        assert "open, below gap: 0.80 < 2; @below in an ask answers it" in drawn(on.app)


async def test_another_session_has_no_questions_only_once_it_was_looked_at() -> None:
    async with stage(session="ticks") as on:
        await on.begin()
        await on.press("k")
        assert "no flash questions" not in drawn(on.app)
        await on.hear(look(chosen="logs", flashes=[]))
        assert "no flash questions in logs" in drawn(on.app)


async def test_who_may_change_nothing_is_not_told_how() -> None:
    async with stage(session="ticks", readonly=True) as on:
        await on.begin()
        await on.hear(look(flashes=[]))
        assert "no flash questions in ticks" in drawn(on.app)
        assert "f adds one" not in drawn(on.app)


async def test_how_an_answer_came_about_is_said_where_there_is_room() -> None:
    async with stage((200, 30), session="ticks") as on:
        await on.begin()
        assert "how" in [column.head for column in COLUMNS]
        text = drawn(on.app)
        assert "decoded" in text
        assert "read off  what of trend?" in text
