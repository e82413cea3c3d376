"""What is typed as a question, with its options before or behind it."""

from pathlib import Path

import pytest

from sticli.errors import SticliError
from sticli.form import Form
from sticli.protocol import Ask, At
from sticli.tui.asking import SYNTAX, Typed, read

TYPED = [
    ("last price?", Ask("last price?", stream=True)),
    ("  what's  up?  ", Ask("what's  up?", stream=True)),
    ("@last", Ask("@last", stream=True)),
    ("--live last?", Ask("last?", live=True, stream=True)),
    ("last? --live", Ask("last?", live=True, stream=True)),
    ("--at 12 last? --live", Ask("last?", live=True, at=At(version=12), stream=True)),
    ("up? --choices up,down", Ask("up?", form=Form(choices=["up", "down"]), stream=True)),
    ('--choices "far up, b" c?', Ask("c?", form=Form(choices=["far up", "b"]), stream=True)),
    ("--number --max-tokens=8 n?", Ask("n?", 8, form=Form(number=True), stream=True)),
    ("n? --max-age 5s", Ask("n?", max_age=5.0, stream=True)),
    ("is --live a word here?", Ask("is --live a word here?", stream=True)),
    ("-- --live?", Ask("--live?", stream=True)),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "ask"), TYPED)
def test_what_is_asked(typed: str, ask: Ask) -> None:
    assert read(typed) == Typed(ask)


WRONG = [
    ("", "no question"),
    ("--live", "no question"),
    ("--lives x", "--lives is no option"),
    ("--at", "--at is no option, or lacks its value"),
    ("--at tomorrow x", "'tomorrow' is no moment"),
    ("--max-tokens x n?", "--max-tokens x is no number"),
    ("--max-tokens 0 n?", "--max-tokens 0 is no number"),
    ("--choices up n?", "less than two"),
    ("--choices a,b --number n?", "one form"),
    ("--schema /no/such/file n?", "no file"),
    ("--max-age soon n?", "no span"),
]


@pytest.mark.parametrize(("typed", "why"), WRONG)
def test_what_means_nothing_is_said(typed: str, why: str) -> None:
    with pytest.raises(SticliError) as caught:
        read(typed)
    assert why in caught.value.message


def test_a_schema_and_every_option_of_the_help(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"type": "object"}')
    assert read(f"--schema {file} x").ask.form == Form(schema={"type": "object"})
    values = {"MOMENT": "-5m", "A,B": "a,b", "FILE": str(file), "N": "3"}
    for option, _ in SYNTAX[1:]:
        name, _, value = option.partition(" ")
        typed = read(f"{name} {values.get(value, value)} x?")
        assert typed.ask.question == "x?"
        assert typed.wait == (name == "--wait")
