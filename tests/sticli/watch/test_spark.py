"""Past answers in one line: numbers as heights, others as marks of change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.watch.spark import number, spark
from sticli.watch.symbols import ASCII, UNICODE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("131.25", 131.25),
        (" -3 ", -3.0),
        ("1,234.5", 1234.5),
        ("$12", 12.0),
        ("€ 1.5", 1.5),
        ("95 %", 95.0),
        ("12 ms", 12.0),
        ("1e3", 1000.0),
        ("", None),
        ("up", None),
        ("host-3", None),
        ("3 of 4", None),
        ("1 2", None),
        ("12:03", None),
    ],
)
def test_what_is_a_number(text: str, found: float | None) -> None:
    assert number(text) == found


def test_numbers_are_heights() -> None:
    assert spark(["1", "2", "3", "8"], 8, UNICODE) == "▁▂▃█"
    assert spark(["1", "2", "3", "8"], 2, UNICODE) == "▁█"
    assert spark(["5", "5"], 8, UNICODE) == "▅▅"
    assert spark(["1", "8"], 8, ASCII) == "_#"
    assert spark(["none", "1", "8"], 8, UNICODE) == "·▁█"
    far = "9" * 308
    assert spark(["inf", f"-{far}", far], 8, UNICODE) == "·▁█"


def test_other_answers_are_marks_of_change() -> None:
    assert spark(["up", "down", "up"], 8, UNICODE) == "▪▪▫"
    assert spark(["up", "down", "up"], 1, UNICODE) == "▫"  # it was said before
    assert spark(["up", "7"], 8, ASCII) == "++"
    assert spark(["9" * 999], 8, UNICODE) == "▪"


def test_nothing_is_nothing() -> None:
    assert spark([], 8) == spark(["1"], 0) == ""


@given(st.lists(st.one_of(st.text(max_size=9), st.floats().map(str), st.integers().map(str))))
def test_it_is_as_long_as_there_are_values_and_room(values: list[str]) -> None:
    assert len(spark(values, 12)) == min(12, len(values))
