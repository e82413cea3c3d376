"""The README says what is: its commands, options, settings and files exist."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from sticli import config, cuda
from sticli.cli import build

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text("utf-8")
FOLDERS = ("sticli", "daemon", "kernels", "tests")


def usages() -> list[tuple[str, ...]]:
    """The words after each `sticli` at the beginning of a command."""
    found = re.findall(r"(?:^|[`$|&] ?)sticli ([a-z][^`|&#\n]*)", TEXT, re.MULTILINE)
    return sorted({tuple(usage.split()) for usage in found})


def options(command: Any) -> set[str]:
    return {
        name
        for parameter in command.params
        for name in [*parameter.opts, *parameter.secondary_opts]
    }


@pytest.mark.parametrize("words", usages(), ids=" ".join)
def test_every_command_exists(words: tuple[str, ...]) -> None:
    tree: Any = typer.main.get_command(build())
    known, command = options(tree), tree
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
        known |= options(command)
    assert command is not tree, words
    assert {word for word in words if word.startswith("-")} <= known


def test_at_least_a_tour_of_commands_is_checked() -> None:
    assert {words[0] for words in usages()} >= {"append", "ask", "flash", "events", "ps", "demo"}


def test_every_option_named_in_prose_exists() -> None:
    tree: Any = typer.main.get_command(build())
    known = options(tree)
    for command in [*tree.commands.values()]:
        known |= options(command)
        for below in getattr(command, "commands", {}).values():
            known |= options(below)
    for option in re.findall(r"`(--[a-z-]+)", TEXT):
        assert option in known


def test_every_file_and_folder_on_the_map_exists() -> None:
    for folder, what in re.findall(r"^\| `(\S+)/` \| (.*) \|$", TEXT, re.MULTILINE):
        for name in re.findall(r"`([a-z_0-9/]+(?:\.py|/)|[A-Z]+\.md|check\w*)`", what):
            assert (ROOT / folder / name).exists() or (ROOT / name).exists(), (folder, name)
    assert {folder.split("/")[0] for folder in re.findall(r"^\| `(\S+)/`", TEXT, re.MULTILINE)} == {
        *FOLDERS
    }


@pytest.mark.skipif(cuda.find() is not None, reason="there is a GPU")
def test_the_check_for_a_gpu_says_that_there_is_none() -> None:
    done = subprocess.run(ROOT / "tests" / "check_gpu", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "there is no CUDA GPU\n")


def test_every_setting_it_names_exists() -> None:
    for name in ("kv_budget_mb", "durability"):
        assert name in TEXT
        assert name in config.DOC


def test_the_two_commands_are_marked_for_ci() -> None:
    for name in ("install", "test"):
        assert f"<!-- run: {name} -->\n```sh\n" in TEXT
