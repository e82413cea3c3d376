"""The table: which columns fit, which lines are drawn again, where the cursor is."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.geometry import Region

from sticli.render import one_line
from sticli.tui.table import GAP, Column, Table, fit, sized
from tests.sticli.tui.acted import stage
from tests.sticli.tui.said import NOON, session
from tests.sticli.tui.world import look

COLUMNS = (
    Column("a", least=4), Column("b", rank=2), Column("c", rank=1), Column("d", rank=3, least=5),
)  # fmt: skip


def test_the_highest_rank_goes_first_and_what_is_spare_is_shared_out() -> None:
    natural = [10, 6, 6, 20]
    assert fit(COLUMNS, natural, 100) == [10, 6, 6, 20]
    assert fit(COLUMNS, natural, 4 + 6 + 6 + 5 + 4 * GAP + 3) == [7, 6, 6, 5]
    assert fit(COLUMNS, natural, 4 + 6 + 6 + 3 * GAP) == [4, 6, 6, 0]
    assert fit(COLUMNS, natural, 4 + 6 + 2 * GAP) == [4, 0, 6, 0]
    assert fit(COLUMNS, natural, 3) == [4, 0, 0, 0]


TEXT = st.text(max_size=40).map(one_line).filter(lambda text: text.isprintable())


@given(TEXT, st.integers(1, 20), st.booleans())
def test_a_cell_is_as_wide_as_its_column(text: str, width: int, right: bool) -> None:
    assert cell_len(sized(text, width, right=right)) == width


async def test_only_lines_that_changed_are_drawn_and_the_cursor_is_never_out_of_sight() -> None:
    names = [f"s{number:03d}" for number in range(256)]
    async with stage() as on:
        await on.hear(look(sessions=[session(name) for name in names], chosen=None))
        table = on.app.query_one("#sessions").query_one(Table)
        drawn: list[tuple[Region, ...]] = []

        def refresh(*regions: Region, **options: object) -> Table:
            drawn.append(regions)
            return table

        table.refresh = refresh
        again = [session(name, tokens=1300 if name == "s003" else 1234) for name in names]
        await on.hear(look(NOON, sessions=again, chosen=None))
        assert drawn == [(Region(0, 4, table.size.width, 1),)]
        drawn.clear()
        await on.hear(look(NOON, sessions=again, chosen=None))
        assert drawn == []
        del table.refresh
        for key in ("G", "k", "pageup", "g", "pagedown", "s", "G"):
            await on.press(key)
            assert _visible(table)
        await on.pilot.click("#sessions Table", offset=(5, 2))
        assert table.key == table.keys[table.scroll_offset.y + 1]


def _visible(table: Table) -> bool:
    assert table.key is not None
    top = table.scroll_offset.y
    return top <= table.keys.index(table.key) < top + table.size.height - 1
