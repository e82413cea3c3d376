"""The table of commands says what their modules say, in lines that fit."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from sticli.catalogue import COMMANDS, MEANT
from sticli.cli import build, outline
from sticli.examples import EXAMPLES
from sticli.words import hoist
from tests.sticli.conftest import Run


def tree(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that is not hidden, by the words that name it."""
    for name, one in getattr(command, "commands", {}).items():
        if not one.hidden:
            yield (*path, name), one
            yield from tree(one, (*path, name))


@pytest.fixture(scope="module")
def whole() -> Any:
    return typer.main.get_command(build())


def test_it_says_what_the_commands_say(whole: Any) -> None:
    told = {name: one.help.splitlines()[0] for name, one in whole.commands.items()}
    assert told == {name: line for name, (_, line) in COMMANDS.items()}
    listed: Any = typer.main.get_command(outline())
    hidden = {name for name, one in whole.commands.items() if one.hidden}
    assert {name for name, one in listed.commands.items() if one.hidden} == hidden


def test_no_line_of_a_list_is_cut_at_80_columns(whole: Any) -> None:
    for path, one in tree(whole):
        beside = dict(tree(whole)).get(path[:-1], whole).commands
        room = 80 - 2 - 6 - max(map(len, beside))
        line = one.get_short_help_str(room)
        assert not line.endswith("..."), path


def test_every_command_has_examples_that_it_takes(whole: Any) -> None:
    found = dict(tree(whole))
    assert {*EXAMPLES} == {" ".join(path) for path in found}
    for lines in EXAMPLES.values():
        for line in lines:
            assert len(line) <= 76, line
            words = shlex.split(line.split(" > ")[0].split(" | ")[-1])
            parse(whole, hoist(words[1:]), words[0])


def parse(command: Any, words: list[str], name: str) -> None:
    """Read the words as the program does, without running anything.

    Raises:
        TyperException: it does not take them.
    """
    with command.make_context(name, [*words]) as context:
        rest = [*context._protected_args, *context.args]
    if below := getattr(command, "commands", {}).get(rest[0] if rest else ""):
        parse(below, rest[1:], rest[0])


@pytest.mark.parametrize("path", ["ask", "flash add"])
def test_help_ends_with_examples_however_it_is_asked_for(sticli: Run, path: str) -> None:
    shown = sticli(*path.split(), "--help").stdout
    assert f"\n  Examples:\n    {EXAMPLES[path][0]}\n" in shown
    assert sticli("help", *path.split()).stdout == shown
    assert max(map(len, shown.splitlines())) <= 80


def test_help_of_nothing_is_that_of_the_program(sticli: Run) -> None:
    assert sticli("help").stdout == sticli("--help").stdout


def test_what_is_meant_is_there(whole: Any) -> None:
    names = {" ".join(path) for path, _ in tree(whole)}
    assert {*MEANT.values()} <= names
    assert not {*MEANT} & {*COMMANDS}


@pytest.mark.parametrize(
    ("wrong", "right"), [("aks", "ask"), ("ls", "ps"), ("status", "daemon status")]
)
def test_a_command_that_is_not_there_names_the_one_that_is_meant(
    sticli: Run, wrong: str, right: str
) -> None:
    done = sticli(wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"did you mean `sticli {right}`?" in done.stderr
    assert "did you mean" not in sticli("xyzzy").stderr
