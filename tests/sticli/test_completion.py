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


def test_the_name_of_a_pulled_file_never_acts_in_a_shell(
    sticli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bash puts what it is told into the line as it is."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--o--r" / "snapshots" / "0"
    snapshot.mkdir(parents=True)
    for name in ("x;touch${IFS}made;.gguf", "x $(made).gguf", "x\nembedded;made.gguf", "x y.gguf"):
        (snapshot / name).touch()
    plain = sticli("_complete", "bash", "--", "sticli model use x", ":").stdout
    assert plain.splitlines() == [
        *("x\\ \\$\\(made\\).gguf\tpulled", "x\\ y.gguf\tpulled"),
        *("x\\;touch\\$\\{IFS\\}made\\;.gguf\tpulled", "\tfile"),
    ]
    quoted = sticli("_complete", "bash", "--", 'sticli model use "x', ":").stdout
    assert quoted.splitlines() == ["x y.gguf\tpulled", "\tfile"]
    everywhere = sticli("_complete", "zsh", "--", "model", "use", "embedded;").stdout
    assert everywhere == "\tfile\n"
