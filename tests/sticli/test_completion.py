"""`sticli completion` and what its scripts ask, as processes."""

import socket
from pathlib import Path

import pytest

from tests.sticli.conftest import Run
from tests.sticli.scripted import Script

ROOT = Path(__file__).parents[2]
FILES = {"bash": "sticli.bash", "zsh": "_sticli", "fish": "sticli.fish"}


@pytest.mark.parametrize("shell", FILES)
def test_files_are_what_the_program_prints(sticli: Run, shell: str) -> None:
    printed = sticli("completion", shell).stdout
    assert printed == (ROOT / "completions" / FILES[shell]).read_text()


def test_a_word_a_line_with_a_word_about_it(script: Script, sticli: Run) -> None:
    script.sessions |= {"market": ["a"], "logs": []}
    assert sticli("_complete", "fish", "--", "ask", "m").stdout == "market\t1 line\n"
    assert sticli("_complete", "zsh", "--", "ask", "--schema", "").stdout == "\tfile\n"
    assert sticli("_complete", "bash", "--", "sticli ask --at=1 m", "=").stdout == (
        "market\t1 line\n"
    )
    assert sticli("_complete", "bash", "--", "sticli append x --wait=se", "=").stdout == (
        "settled\t\n"
    )


@pytest.mark.parametrize("listening", [False, True])
def test_no_daemon_is_no_noise(home: Path, sticli: Run, listening: bool) -> None:
    place = home / "run" / "sticli.sock"
    place.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as silent:
        if listening:  # and never answering
            silent.bind(str(place))
            silent.listen()
        done = sticli("_complete", "zsh", "--", "ask", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
