"""The line of bash as words, and real shells that complete with what the program prints."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sticli.completion.shells import SCRIPTS, typed
from tests.sticli.conftest import SLOW
from tests.sticli.scripted import Script

BREAKS = " \t\n\"'@><=;|&(:"


@pytest.mark.parametrize(
    ("line", "words", "kept"),
    [
        ("sticli ", ["sticli", ""], 0),
        ("sticli as", ["sticli", "as"], 0),
        ("sticli append m --wait=s", ["sticli", "append", "m", "--wait=s"], 7),
        ("sticli model use hf:a", ["sticli", "model", "use", "hf:a"], 3),
        ("sticli ask m @l", ["sticli", "ask", "m", "@l"], 0),
        ('sticli ask "my words', ["sticli", "ask", "my words"], 0),
        ("sticli ask 'it: is", ["sticli", "ask", "it: is"], 0),
        ("sticli ask a\\ b", ["sticli", "ask", "a b"], 0),
        ("sticli ask a\\ ", ["sticli", "ask", "a "], 0),
        ("sticli ask a\\", ["sticli", "ask", "a\\"], 0),
        ('sticli ask "it\'s" ', ["sticli", "ask", "it's", ""], 0),
    ],
)
def test_a_line_of_bash(line: str, words: list[str], kept: int) -> None:
    assert typed(line, BREAKS)[:2] == (words, kept)


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, *program: str) -> None:
        child, self._terminal = pty.fork()
        if not child:
            os.execvp(program[0], program)
        self._child = child

    def until(self, text: str, keys: str = "") -> str:
        """What is shown, until that is among it, once these keys were pressed."""
        os.write(self._terminal, keys.encode())
        shown, end = "", time.monotonic() + SLOW
        while text not in shown:
            assert select.select([self._terminal], [], [], end - time.monotonic())[0], shown
            shown += os.read(self._terminal, 4096).decode()
        return shown

    def close(self) -> None:
        os.close(self._terminal)  # hangs up
        os.waitpid(self._child, 0)


@pytest.fixture
def folder(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where shells are tried: with the program and a file, and sessions beside."""
    script.sessions |= {"market": ["a"], "logs": []}
    program = tmp_path / "sticli"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m sticli "$@"\n')
    program.chmod(0o755)
    (tmp_path / "form.json").touch()
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


TYPED = (
    ("sticli appe", "sticli append "),
    ('sticli ask "mar', 'sticli ask "market" '),
    ("true && sticli show l", "true && sticli show logs "),
    ("sticli append market --wait=set", "sticli append market --wait=settled "),
    ("sticli ask market --schema fo", "sticli ask market --schema form.json "),
    ("sticli ask market --schema=fo", "sticli ask market --schema=form.json "),
)


def test_bash_completes_words_names_values_and_files(folder: Path) -> None:
    (folder / "rc").write_text(f"PS1='> '; {SCRIPTS['bash']}")
    shell = Terminal("bash", "--rcfile", str(folder / "rc"), "-i")
    try:
        shell.until("> ")
        for keys, line in TYPED:
            shell.until(line, keys + "\t")
            shell.until("> ", "\x15\r")  # an empty line instead
    finally:
        shell.close()


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh")
def test_zsh_completes_words_names_values_and_files(folder: Path) -> None:
    show = "show() { print -r -- \"<$BUFFER>\" }; zle -N show; bindkey '^X' show"
    start = f"PS1='> '; autoload -U compinit; compinit -D -u; {show}\n{SCRIPTS['zsh']}"
    (folder / ".zshrc").write_text(start)
    shell = Terminal("env", f"ZDOTDIR={folder}", "zsh", "-d", "-i")
    try:
        shell.until("> ")
        for keys, line in TYPED:
            shell.until(f"<{line}>", keys + "\t\x18")
            shell.until("> ", "\x15\r")
    finally:
        shell.close()


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish")
def test_fish_completes_words_names_and_files(folder: Path) -> None:
    for typing, shown in (
        ("sticli ask ma", "market\t1 line\n"),
        ("sticli append market --wait=s", "--wait=settled\n"),
        ("sticli ask market --schema=fo", "--schema=form.json\n"),
        ("sticli ask market --schema fo", "form.json\n"),
    ):
        lines = f"{SCRIPTS['fish']}\ncomplete -C '{typing}'"
        done = subprocess.run(["fish", "-c", lines], capture_output=True, text=True, timeout=SLOW)
        assert (done.stdout, done.stderr) == (shown, "")
