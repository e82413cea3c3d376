"""Columns fit any width: the least important go, the elastic one is cut short."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sticli.watch.grid import Column, fit, grid

COLUMNS = (Column("NAME", None), Column("NUMBER", 1, right=True), Column("MORE", 2))
ROWS = [("a name that is long", "12", "anything"), ("b", "1234567", "")]


def test_what_fits_is_aligned() -> None:
    assert [*grid(COLUMNS, ROWS, 80)] == [
        "NAME                  NUMBER  MORE",
        "a name that is long       12  anything",
        "b                    1234567",
    ]


def test_the_elastic_column_gives_way_first_and_then_the_least_important() -> None:
    assert [*grid(COLUMNS, ROWS, 34)][1] == "a name that is…       12  anything"
    assert [*grid(COLUMNS, ROWS, 24)][1] == "a name that is…       12"
    assert [*grid(COLUMNS, ROWS, 8)][1] == "a name…"


def test_wide_letters_take_two_columns() -> None:
    assert fit("日本語", 6) == "日本語"
    assert fit("日本語x", 6) == "日本…"
    assert [*grid(COLUMNS, [("日本", "1", "x")], 80)][1] == "日本       1  x"


@given(st.lists(st.tuples(*[st.text(max_size=40)] * 3), max_size=5), st.integers(1, 90))
def test_no_line_is_wider(rows: list[tuple[str, str, str]], width: int) -> None:
    for line in grid(COLUMNS, rows, width):
        assert cell_len(line) <= width
