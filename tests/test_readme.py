"""The README says what is: its commands, options, settings and files exist."""

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sticli import config
from sticli.machine import cuda
from tests import program

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text("utf-8")
TOUR = ("append", "ask", "flash", "events", "ps", "demo", "watch", "model", "plan", "daemon")
FOLDERS = ("sticli", "daemon", "kernels", "man", "tests")


def usages() -> list[list[str]]:
    """The words after each `sticli` at the beginning of a command."""
    lines = [line for line in TEXT.split("\n") if not line.startswith("sticli: ")]
    code = re.findall(r"`([^`]+)`", TEXT)
    return [words for line in [*lines, *code] for words in program.uses(line.removeprefix("$ "))]


def test_every_command_exists() -> None:
    found = usages()
    assert {words[0] for words in found} >= set(TOUR)
    assert {" ".join(words): wrong for words in found if (wrong := program.unknown(words))} == {}


def test_every_option_named_in_prose_exists() -> None:
    assert set(re.findall(r"`(--[a-z-]+)", TEXT)) <= program.every_option()


def test_the_picture_is_one_that_needs_nothing_else() -> None:
    for picture in re.findall(r"!\[.*?\]\((\S+)\)", TEXT):
        text = (ROOT / picture).read_text("utf-8")
        drawn = "".join(ElementTree.fromstring(text).itertext()).replace("\xa0", " ")
        for pane in ("sessions", "flash", "feed", "scheduler", "device", "events"):
            assert pane in drawn
        assert not re.search(r"@import|url\((?!#)|<script|(?:href|src)=", text)


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
