"""The options that say what an answer has to look like."""

from pathlib import Path

import pytest

from sticli.commands.form import given
from sticli.errors import SticliError
from sticli.form import Form


def test_each_form(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"type": "object"}')
    assert given(None, False, None) is None
    assert given("up, down,slow", False, None) == Form(choices=["up", "down", "slow"])
    assert given('["a,b", " c "]', False, None) == Form(choices=["a,b", "c"])
    assert given(None, True, None) == Form(number=True)
    assert given(None, False, str(file)) == Form(schema={"type": "object"})


@pytest.mark.parametrize(
    ("choices", "number", "content", "what"),
    [
        ("a,b", True, None, "one form"),
        (None, True, "{}", "one form"),
        ("a", False, None, "less than two"),
        ("", False, None, "less than two"),
        ("a,,b", False, None, "empty choice"),
        ("a,b,a ", False, None, "twice"),
        ("[1, 2]", False, None, "no JSON array"),
        ('["a"', False, None, "no JSON array"),
        (None, False, "[1]", "no JSON schema"),
        (None, False, "{", "no JSON schema"),
        (None, False, "[" * 100_000, "no JSON schema"),
    ],
)
def test_what_is_none(
    tmp_path: Path, choices: str | None, number: bool, content: str | None, what: str
) -> None:
    file = tmp_path / "schema.json"
    file.write_text(content or "")
    with pytest.raises(SticliError, match=what) as caught:
        given(choices, number, None if content is None else str(file))
    assert caught.value.exit_code == 2


def test_a_schema_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SticliError, match="no file") as caught:
        given(None, False, str(tmp_path / "none.json"))
    assert caught.value.exit_code == 3
    with pytest.raises(SticliError, match="directory"):
        given(None, False, str(tmp_path))
