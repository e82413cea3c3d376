"""Where options may stand: the table of `words` says the same as the parser."""

import pytest
import typer

from sticli.cli import build
from sticli.words import FREE, OPTIONAL, hoist


def options(name: str) -> list[object]:
    """The options of a command, as the parser has them."""
    program = typer.main.get_command(build([name]))
    command = program.commands[name]  # type: ignore[attr-defined]
    return [one for one in command.params if one.param_type_name == "option"]


@pytest.mark.parametrize("name", list(FREE))
def test_the_table_knows_which_options_take_a_value(name: str) -> None:
    valued = {
        spelling
        for option in options(name)
        if not option.is_flag  # type: ignore[attr-defined]
        for spelling in (*option.opts, *option.secondary_opts)  # type: ignore[attr-defined]
    }
    assert FREE[name] == valued - set(OPTIONAL.get(name, ()))


def test_a_value_that_was_left_out_is_put_in() -> None:
    assert hoist(["append", "s", "--timestamp", "text"])[2].startswith("--timestamp=%")
    assert hoist(["append", "s", "--timestamp=%H"]) == ["append", "s", "--timestamp=%H"]
    assert hoist(["ask", "s", "--timestamp"]) == ["ask", "s", "--timestamp"]
    assert hoist(["append", "s", "--", "--timestamp"])[-1] == "--timestamp"
