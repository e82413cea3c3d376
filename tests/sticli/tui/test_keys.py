"""What the keys do, over a source that a test writes."""

import pytest

from sticli.tui.answer import AnswerScreen
from sticli.tui.confirm import ConfirmScreen
from sticli.tui.question import QuestionScreen
from sticli.tui.table import Table
from tests.sticli.tui.acted import Stage, stage
from tests.sticli.tui.drawn import drawn, same
from tests.sticli.tui.said import NOON, flash, session
from tests.sticli.tui.world import flashes, look, news, sessions


def table(on: Stage, pane: str) -> Table:
    return on.app.screen_stack[0].query_one(f"#{pane}").query_one(Table)


async def test_the_row_under_the_cursor_is_the_session_that_is_looked_at() -> None:
    async with stage() as on:
        await on.hear(look(chosen=None))
        assert (on.app.state.chosen, on.said.chosen) == ("archive", ["archive"])
        await on.press("j", "down")
        assert on.said.chosen[-1] == "logs"
        await on.press("k")
        assert on.said.chosen[-1] == "cold"
        await on.press("G")
        assert on.app.state.chosen == "ticks"
        await on.press("g")
        assert on.app.state.chosen == "archive"


async def test_the_session_that_was_named_is_chosen_first() -> None:
    async with stage(session="logs") as on:
        await on.hear(look(chosen=None))
        assert on.app.state.chosen == "logs"


async def test_the_cursor_stays_with_its_session_while_others_come_and_go() -> None:
    async with stage() as on:
        await on.hear(look(chosen=None))
        await on.press("G", "k")
        assert on.app.state.chosen == "logs"
        await on.hear(look(sessions=[*sessions(), session("aaa"), session("bbb")]))
        assert on.app.state.chosen == "logs"
        await on.hear(look(sessions=[session("logs"), session("zzz")]))
        assert (on.app.state.chosen, table(on, "sessions").keys) == ("logs", ["logs", "zzz"])
        await on.hear(look(sessions=[session("zzz")]))
        assert on.app.state.chosen == "zzz"
        await on.hear(look(sessions=[]))
        assert on.app.state.chosen is None


async def test_s_sorts_by_name_lag_cells_and_use() -> None:
    async with stage() as on:
        await on.hear(look())
        orders = [table(on, "sessions").keys]
        for _ in range(4):
            await on.press("s")
            orders.append(table(on, "sessions").keys)
        assert orders == [
            ["archive", "cold", "logs", "ticks"],
            ["logs", "archive", "cold", "ticks"],
            ["archive", "ticks", "cold", "logs"],
            ["logs", "ticks", "cold", "archive"],
            ["archive", "cold", "logs", "ticks"],
        ]
        assert on.app.state.chosen == "archive"


async def test_a_filter_shows_only_the_names_that_hold_it() -> None:
    async with stage() as on:
        await on.hear(look())
        await on.press("2", "slash", "o", "enter")
        assert table(on, "sessions").keys == ["cold", "logs"]
        assert on.app.state.chosen in ("cold", "logs")
        assert "1 sessions 2/4 · by name · /o" in drawn(on.app)
        await on.press("slash", "x", "x")
        same(on.app, "filter-none")
        await on.press("escape")
        assert len(table(on, "sessions").keys) == 4


async def test_tab_and_digits_move_between_panes() -> None:
    async with stage() as on:
        await on.hear(look())
        seen = []
        for key in ("tab", "tab", "tab", "shift+tab", "5", "tab", "6", "2"):
            await on.press(key)
            seen.append((on.app.place.at, on.app.place.bottom))
        assert seen == [
            ("flash", "feed"), ("feed", "feed"), ("sessions", "feed"), ("feed", "feed"),
            ("device", "device"), ("sessions", "device"), ("events", "events"),
            ("flash", "events"),
        ]  # fmt: skip
        assert on.app.focused is table(on, "flash")


async def test_a_small_screen_shows_one_pane_and_tab_leads_to_all() -> None:
    async with stage((40, 10), session="ticks") as on:
        await on.hear(look())
        seen = [on.app.place.at]
        for _ in range(5):
            await on.press("tab")
            seen.append(on.app.place.at)
            assert on.app.query_one(f"#{seen[-1]}").display
        assert seen == ["sessions", "flash", "feed", "scheduler", "device", "events"]


async def test_a_change_is_pointed_out_for_a_while() -> None:
    async with stage(session="ticks") as on:
        await on.hear(look())
        await on.hear(*news())
        assert "● " in _line(on, "price")
        event = news()[0]
        await on.hear(look(NOON + 1))
        on.app.state.fold(event.__class__(9, "answer", "ticks", NOON + 1, {
            "id": "price", "answer": "133.00", "question": "what of price?"}))  # fmt: skip
        on.app.draw()
        await on.pilot.pause()
        assert "✱ " in _line(on, "price")
        await on.hear(look(NOON + 5))
        assert "● " in _line(on, "price")


def _line(on: Stage, word: str) -> str:
    return next(line for line in drawn(on.app).splitlines() if f" {word} " in line)


async def test_enter_shows_all_of_an_answer_and_y_copies_it() -> None:
    async with stage(session="ticks") as on:
        await on.hear(look())
        await on.hear(*news())
        await on.press("2", "y")
        assert on.app.clipboard == "132.40"
        assert on.told == ["copied the value of price"]
        on.app.clear_notifications()
        await on.press("enter")
        assert isinstance(on.app.screen, AnswerScreen)
        same(on.app, "answer")
        changed = [flash("price", "140.00", evaluated_at=NOON), *flashes()[1:]]
        await on.hear(look(flashes=changed))
        assert "140.00" in drawn(on.app)
        await on.press("escape")
        assert len(on.app.screen_stack) == 1


async def test_what_is_lost_is_said_before_it_is_deleted() -> None:
    async with stage(session="ticks") as on:
        await on.hear(look())
        await on.press("d")
        same(on.app, "confirm-session")
        await on.press("enter")  # "no" has the focus
        assert not isinstance(on.app.screen, ConfirmScreen)
        await on.press("2", "d")
        assert "delete flash question price?" in drawn(on.app)
        await on.press("escape")
        assert len(on.app.screen_stack) == 1
        assert on.said.refreshed == 0


async def test_a_new_question_needs_words_and_a_form_that_can_be() -> None:
    async with stage(session="ticks") as on:
        await on.hear(look())
        await on.press("f")
        assert isinstance(on.app.screen, QuestionScreen)
        await on.press("enter")
        assert "there is no question" in drawn(on.app)
        await on.press("u", "p", "question_mark", "tab", *"up,up", "enter")
        same(on.app, "question")
        await on.press("escape")
        assert len(on.app.screen_stack) == 1


@pytest.mark.parametrize(("pane", "key"), [("1", "d"), ("2", "d"), ("1", "f"), ("1", "p")])
async def test_read_only_changes_nothing_and_says_so(pane: str, key: str) -> None:
    async with stage(session="ticks", readonly=True) as on:
        await on.hear(look())
        assert "read-only" in drawn(on.app).splitlines()[0]
        await on.press(pane, key)
        assert len(on.app.screen_stack) == 1
        assert on.told == ["read-only: nothing is changed from here"]
        assert on.said.refreshed == 0


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+c", 130)])
async def test_leaving(key: str, code: int) -> None:
    async with stage() as on:
        assert on.said.running
        await on.press(key)
    assert (on.app.return_code, on.said.running) == (code, False)


async def test_a_request_that_fails_is_a_notice() -> None:
    async with stage(session="ticks") as on:
        await on.hear(look())
        await on.press("p")
        while not on.told:
            await on.pilot.pause(0.01)
        assert on.told == [
            "no daemon answers at /nowhere/sticli.sock\nstart it with `sticli daemon start`"
        ]
