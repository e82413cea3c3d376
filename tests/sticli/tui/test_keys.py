"""What the keys do, over a source that a test writes."""

from sticli.protocol import Event
from sticli.tui.table import Table
from tests.sticli.tui.acted import Stage, stage
from tests.sticli.tui.drawn import drawn
from tests.sticli.tui.said import NOON, flash, session
from tests.sticli.tui.world import flashes, look


def table(on: Stage, pane: str) -> Table:
    return on.app.screen_stack[0].query_one(f"#{pane}").query_one(Table)


async def test_the_row_under_the_cursor_is_the_session_that_is_looked_at() -> None:
    async with stage((60, 18), session="logs") as on:
        await on.hear(look(chosen=None))
        assert on.app.state.chosen == on.said.chosen[-1] == "logs"
        chosen = []
        for key in ("j", "g", "G", "up"):
            await on.press(key)
            chosen.append(on.app.state.chosen)
        assert chosen == ["ticks", "archive", "ticks", "logs"]
        assert on.said.chosen[-4:] == chosen
        rows: list[tuple[list[str], str | None]] = [
            (["aaa", "bbb", "logs", "zzz"], "logs"),
            (["logs", "zzz"], "logs"),
            (["aaa", "zzz"], "aaa"),
            (["zzz"], "zzz"),
            ([], None),
        ]
        for names, expected in rows:  # others come and go, and then it goes itself
            await on.hear(look(sessions=[session(name) for name in reversed(names)]))
            assert (table(on, "sessions").keys, on.app.state.chosen) == (names, expected)


async def test_it_begins_with_the_session_that_was_used_last() -> None:
    async with stage((60, 18)) as on:
        await on.hear(look(chosen=None, sessions=[]))
        used = [session(name, last_used=NOON - age) for name, age in (("a", 9), ("b", 1), ("c", 5))]
        await on.hear(look(chosen=None, sessions=used))
        assert on.app.state.chosen == "b"
        await on.hear(look(sessions=[session("a", last_used=NOON), *used[1:]]))
        assert on.app.state.chosen == "b"  # and stays there


async def test_rows_are_sorted_and_sifted() -> None:
    async with stage((60, 18)) as on:
        await on.hear(look(chosen=None))
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
        await on.press("3", "2", "slash", "o", "enter")
        assert table(on, "sessions").keys == ["cold", "logs"]
        assert on.app.state.chosen in ("cold", "logs")
        assert "1 sessions 2/4 · by name · /o" in drawn(on.app)
        await on.press("slash", "x")
        await on.same("filter-none")
        await on.press("escape")
        assert len(table(on, "sessions").keys) == 4


async def test_tab_and_digits_move_between_panes() -> None:
    async with stage((60, 20), session="ticks") as on:
        await on.begin()
        seen = []
        for key in ("tab", "tab", "tab", "shift+tab", "5", "tab", "6", "2"):
            await on.press(key)
            seen.append((on.app.desk.place.at, on.app.desk.place.bottom))
        assert seen == [
            ("flash", "feed"), ("feed", "feed"), ("sessions", "feed"), ("feed", "feed"),
            ("device", "device"), ("sessions", "device"), ("events", "events"),
            ("flash", "events"),
        ]  # fmt: skip
        assert on.app.focused is table(on, "flash")
        await on.pilot.resize_terminal(40, 10)
        await on.pilot.pause()
        small = []
        for _ in range(6):
            await on.press("tab")
            small.append(on.app.desk.place.at)
            assert on.app.query_one(f"#{small[-1]}").display
        assert small == ["feed", "scheduler", "device", "events", "sessions", "flash"]
        for key in ("d", "f", "question_mark", "a", "enter", "colon"):
            await on.press(key, "escape")
            assert len(on.app.screen_stack) == 1


async def test_an_answer_is_pointed_out_shown_whole_and_copied() -> None:
    async with stage(session="ticks") as on:
        await on.begin()
        assert "● " in _line(on, "price")
        data = {"id": "price", "answer": "133.00", "question": "what of price?"}
        await on.hear(Event(9, "answer", "ticks", NOON + 1, data))
        assert "✱ " in _line(on, "price")
        await on.hear(look(NOON + 5))
        assert "● " in _line(on, "price")
        await on.press("2", "y")
        assert on.app.clipboard == "132.40"
        assert on.told == ["copied the value of price"]
        on.app.clear_notifications()
        await on.press("enter")
        await on.same("answer")
        changed = [flash("price", "140.00", evaluated_at=NOON), *flashes()[1:]]
        await on.hear(look(flashes=changed))
        assert "140.00" in drawn(on.app)
        await on.press("escape")
        assert len(on.app.screen_stack) == 1


def _line(on: Stage, word: str) -> str:
    return next(line for line in drawn(on.app).splitlines() if f" {word} " in line)


async def test_nothing_is_deleted_or_added_by_accident() -> None:
    async with stage((70, 20), session="ticks") as on:
        await on.begin()
        await on.press("d")
        await on.same("confirm-session")
        await on.press("enter")  # "no" has the focus
        assert len(on.app.screen_stack) == 1
        await on.press("d", *"wha", "left", "enter")  # typed blindly: still at "no"
        assert len(on.app.screen_stack) == 1
        await on.press("2", "d")
        assert "delete flash question price?" in drawn(on.app)
        await on.press("escape", "f", "enter")
        assert "there is no question" in drawn(on.app)
        await on.press("u", "question_mark", "tab", *"u,u", "enter")
        await on.same("question")
        await on.press("escape")
        assert len(on.app.screen_stack) == 1
        assert on.said.refreshed == 0


async def test_read_only_changes_nothing_and_says_so() -> None:
    async with stage((60, 18), session="ticks", readonly=True) as on:
        await on.begin()
        assert "read-only" in drawn(on.app).splitlines()[0]
        for number, keys in enumerate((["d"], ["2", "d"], ["f"], ["p"]), 1):
            await on.press(*keys)
            assert len(on.app.screen_stack) == 1
            assert on.told == ["read-only: nothing is changed from here"] * number
        assert on.said.refreshed == 0


async def test_ctrl_c_leaves_as_it_does_elsewhere() -> None:
    async with stage((40, 10)) as on:
        assert on.said.running
        await on.press("ctrl+c")
    assert (on.app.return_code, on.said.running) == (130, False)


async def test_a_request_that_fails_is_a_notice_and_q_leaves() -> None:
    async with stage((60, 18), session="ticks") as on:
        await on.begin()
        await on.press("p")
        while not on.told:
            await on.pilot.pause(0.01)
        assert on.told == [
            "no daemon answers at /nowhere/sticli.sock\nstart it with `sticli daemon start`"
        ]
        await on.press("q")
    assert (on.app.return_code, on.said.running) == (0, False)
