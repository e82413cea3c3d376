"""Foreign text can be read on a terminal and can do nothing there."""

import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.render import BIDI, age, columns, escaped, one_line, printable

HOSTILE = st.text(
    st.one_of(st.sampled_from("\x1b\x9b\x9d\x07\r\b[]0;m?hJ\\\u202e\u2066\n\t"), st.characters())
)


@given(HOSTILE)
def test_no_control_character_is_left(text: str) -> None:
    for letter in printable(text):
        assert letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs")
        assert letter not in BIDI


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0xFFFF)))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


@given(HOSTILE)
def test_twice_is_once(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(HOSTILE, HOSTILE)
def test_no_piece_of_a_stream_lets_anything_through(one: str, two: str) -> None:
    assert "\x1b" not in printable(one) + printable(two)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://e\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jx", "x"),
        ("50%\rdone\b", "50%␍done␈"),
        ("abc\u202edef", "abc\ufffddef"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
    ],
)
def test_known_sequences(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(HOSTILE)
def test_one_line_is_one(text: str) -> None:
    assert "\n" not in one_line(text)


def test_columns_align() -> None:
    assert columns([("A", "BB"), ("long", "x")]) == "A     BB\nlong  x\n"


def test_ages() -> None:
    assert [age(seconds) for seconds in (-1, 5, 90, 7200, 200_000)] == [
        "0s",
        "5s",
        "2m",
        "2h",
        "2d",
    ]


@given(HOSTILE)
def test_escaped_json_is_the_same_value_and_harmless(text: str) -> None:
    shown = escaped(msgspec.json.encode(text.encode("utf-8", "replace").decode()).decode())
    assert printable(shown) == shown
    assert json.loads(shown) == text.encode("utf-8", "replace").decode()
