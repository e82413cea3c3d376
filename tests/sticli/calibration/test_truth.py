"""Truth files: both forms, both kinds, and every way to get one wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.calibration.truth import Point, Truth, read
from sticli.errors import SticliError

CHOICES = ["up", "down", "a,b"]


def known(text: str) -> Truth:
    return read(text.splitlines(keepends=True), "t.csv", CHOICES)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("7,down\n3,up\n", "line"),
        ("line,truth\n3,up\n\n7,down\n7,down\n", "line"),
        ("\nversion , truth\r\n3,up\r\n7, down\r\n", "version"),
        ("at,truth,line\nx,up,3\ny,down,7", "line"),
        ('{"line": 3, "truth": "up"}\n\n{"line": 7, "truth": "down", "why": 1}\n', "line"),
        ('{"version": 3, "truth": "up"}\n{"version": 7, "truth": "down"}', "version"),
    ],
)
def test_both_forms(text: str, kind: str) -> None:
    assert known(text) == Truth(kind, [Point(3, "up"), Point(7, "down")])


def test_a_choice_may_hold_a_comma() -> None:
    assert known('1,"a,b"\n').points == [Point(1, "a,b")]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "t.csv", "holds no truth"),
        ("line,truth\n", "t.csv", "holds no truth"),
        ("1,left\n", "row 1", "none of the choices up, down"),
        ("0,up\n", "row 1", "from 1 on"),
        ("1,up\n1,down\n", "row 2", "contradicts"),
        ("1,up\nx,down\n", "row 2", "no line and its truth"),
        ("1,up\n2\n", "row 2", "no line and its truth"),
        ("when,what\n1,up\n", "row 1", "neither a row nor a heading"),
        ("up\n", "row 1", "neither a row nor a heading"),
        ('{"line": 1}\n', "row 1", "truth"),
        ('{"truth": "up"}\n', "row 1", "no line and no version"),
        ('{"line": 1, "truth": "up"}\n{"version": 2, "truth": "up"}\n', "row 2", "version after"),
        ('{"line": 1, "truth": "up"}\n2,up\n', "row 2", "Expected"),
        ("{", "row 1", "truncated"),
    ],
)
def test_errors_name_the_row(text: str, where: str, what: str) -> None:
    with pytest.raises(SticliError) as caught:
        known(text)
    assert where in caught.value.message
    assert what in caught.value.message
    assert caught.value.exit_code == 2


@given(st.text())
def test_any_text_is_a_truth_or_an_error(text: str) -> None:
    try:
        found = known(text)
    except SticliError:
        return
    assert found.points == sorted(found.points)
