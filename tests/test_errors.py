"""The list of errors is the program's: each has a hint, every hint is true, the page tells all."""

import re
import shlex
from pathlib import Path

import pytest

from sticli import config
from sticli.cli import run
from sticli.errors import CODES
from tests import program
from tests.errors import PAGES, Problem, problems, sites
from tests.notes import PLAIN, TROUBLE, notes
from tests.page import BENCH, filled, marks
from tests.source import ROOT

TEXT = (ROOT / "man" / "sticli-errors.7").read_text("utf-8")
FOUND = problems()

# no hint, and why not
BARE = {
    "": "the state of a banner before there is one",
}
FOREIGN = {
    *("systemctl", "loginctl", "journalctl", "hf", "pip", "ulimit", "cut", "ls", "sudo"),
    "llama-gguf-split",
}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
SETTING = re.compile(r"`?\b([a-z]+(?:_[a-z]+)+)\b(?!\()")  # a word with an underscore
FIELDS = {"max_tokens", "min_version"}  # of requests, which sticli-daemon(8) describes


def commands(text: str) -> list[list[str]]:
    """The command lines that a text says: in backticks."""
    quoted = [re.sub("‹[^›]*›", "X", found) for found in re.findall("`([^`]+)`", text)]
    return [shlex.split(line) for line in quoted if re.match(r"[a-z][a-z-]* ", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_what_the_program_says(page: Path) -> None:
    text = page.read_text("utf-8")
    assert filled(text, FOUND) == text, "python -m tests.errors"


def test_no_place_that_makes_an_error_is_missed() -> None:
    assert len(FOUND) > 300
    assert {one.file for one in FOUND} == sites()


def test_every_error_says_what_to_do() -> None:
    assert {one.message for one in FOUND if not one.hint} == set(BARE)


def test_every_code_is_known_and_on_the_page_below_its_exit_status() -> None:
    assert {one.code for one in FOUND} - {""} == set(CODES)
    assert sorted(marks(TEXT)) == sorted([*CODES, "system", "bench", "notes"])
    for part in TEXT.split("\n.SH ")[1:]:
        status = re.match(r"EXIT STATUS (\d+)", part)
        for code in re.findall(r'^\.\\" begin (\w+)', part, re.MULTILINE):
            assert code not in CODES or (status and CODES[code][1] == int(status[1]))


def untrue(problem: Problem) -> list[str]:
    """What a hint names and nobody knows."""
    found = []
    for words in commands(problem.hint):
        if words[0] == "sticli":
            found += program.unknown(words[1:])
        elif words[0] not in FOREIGN and words[1] != "=":
            found.append(words[0])
    text = re.sub(rf"`({'|'.join(FOREIGN)}) [^`]*`", "", problem.hint)
    if not problem.file.startswith(BENCH):  # where they may be options of a server
        found += sorted(set(OPTION.findall(text)) - program.every_option())
    return found + sorted(set(SETTING.findall(text)) - set(config.DOC) - FIELDS)


def test_what_hints_name_exists() -> None:
    assert {one.hint: wrong for one in FOUND if (wrong := untrue(one))} == {}


def test_a_hint_that_is_not_true_is_found() -> None:
    for hint in ("`sticli foo`", "`sticli ps --foo`", "give --foo", "raise foo_bar", "`foo bar`"):
        assert untrue(Problem("model", "?", hint, "sticli/ask.py"))
    for hint in ("`sticli model pull X`", "raise kv_budget_mb", "`systemctl --user stop x`"):
        assert not untrue(Problem("model", "?", hint, "sticli/ask.py"))


def test_every_note_is_known_and_those_of_trouble_are_on_the_page() -> None:
    known = (*PLAIN, *TROUBLE)
    found = notes()
    assert {note for note in found if not note.startswith(known)} == set()
    assert {one for one in known if not any(note.startswith(one) for note in found)} == set()


def told(line: str) -> bool:
    """Whether the list has an error that says this."""
    patterns = [re.split("‹[^›]*›", one.message) for one in FOUND if one.message]
    return any(re.match("sticli: " + ".+".join(map(re.escape, one)), line) for one in patterns)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["ask", "s", "?"], 4),
        (["ask", "s", "?", "--at", "noon"], 2),
        (["ask", "s", "?", "--timeout", "soon"], 2),
        (["ask", "s", "?", "--choices", "up"], 2),
        (["ask", "s", "?", "--schema", "nowhere"], 3),
        (["append", "s", "x", "--wait", "never"], 2),
        (["append", "s", "x", "--fields", "a"], 2),
        (["config", "get", "nothing"], 3),
        (["config", "set", "nothing", "1"], 2),
        (["config", "set", "step_ms", "soon"], 2),
        (["config", "set", "step_ms", "0"], 2),
        (["config", "set", "flash_budget_s", "nan"], 2),
        (["model", "use", "nowhere"], 3),
        (["model", "pull", "nowhere"], 2),
        (["api", "GO", "/"], 2),
        (["bench", "report", "nowhere"], 3),
        (["completion", "cmd"], 2),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_what_goes_wrong_is_in_the_list(
    words: list[str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STICLI_HOME", str(tmp_path))
    assert run([*words, "--no-autostart"]) == status
    said = capsys.readouterr().err
    assert told(said), said
    assert said.endswith(")\n"), said
