"""What the shell is offered, and that the shipped scripts are those that the program prints."""

import subprocess
from pathlib import Path

import pytest
from msgspec.structs import asdict

from sticli.commands.completion import complete
from sticli.protocol import Flash
from tests.sticli.conftest import SLOW, Run
from tests.sticli.scripted import Json, Script

ROOT = Path(__file__).parents[2]
FILES = {"bash": "sticli.bash", "zsh": "_sticli", "fish": "sticli.fish"}


@pytest.mark.parametrize("shell", FILES)
def test_files_are_what_the_program_prints(sticli: Run, shell: str) -> None:
    printed = sticli("completion", shell).stdout
    assert printed == (ROOT / "completions" / FILES[shell]).read_text()


def offers(sticli: Run, *words: str) -> list[str]:
    return str(sticli("_complete", "--", *words).stdout).split()


def flash(session: str, key: str) -> Json:
    made = Flash(session, key, "?", 9, 0, None, None, False, None, None, None, None, 0)
    return asdict(made)


def test_commands_options_and_names(script: Script, sticli: Run) -> None:
    script.sessions |= {"market": [], "logs": []}
    script.flash["market"] = {"x": flash("market", "x")}
    assert "append" in offers(sticli, "")
    assert "_complete" not in offers(sticli, "")
    assert offers(sticli, "da") == ["daemon"]
    assert offers(sticli, "flash", "") == ["add", "ls", "get", "rm"]
    assert offers(sticli, "ask", "m") == ["market"]
    assert offers(sticli, "flash", "add", "") == ["market", "logs"]
    assert offers(sticli, "ask", "market", "--max-t") == ["--max-tokens"]
    assert offers(sticli, "ask", "--max-tokens", "5", "l") == ["logs"]
    assert offers(sticli, "completion", "z") == ["zsh"]
    assert "--json" in offers(sticli, "ps", "--")
    assert offers(sticli, "append", "market", "--wait", "") == ["settled", "accepted"]
    assert offers(sticli, "daemon", "start", "--model", "") == []
    assert offers(sticli, "flash", "get", "market", "") == ["x"]
    assert offers(sticli, "ask", "market", "@") == ["@x"]


def test_names_and_choices_of_every_sort(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    script.sessions |= {"market": [], "logs": []}
    script.flash["market"] = {"x": flash("market", "x")}

    def here(*words: str) -> list[str]:
        complete(list(words))
        return capsys.readouterr().out.split()

    assert here("pin", "market", "lo") == ["logs"]
    assert here("fork", "m") == ["market"]
    assert here("fork", "market", "") == []
    assert here("new", "b", "--from", "") == ["market", "logs"]
    assert here("new", "--on-full", "") == ["rebase", "slide", "stop"]
    assert here("append", "market", "--on-busy", "d") == ["drop-oldest"]
    assert here("calibrate", "market", "") == ["x"]
    assert here("demo", "") == ["feed"]


def test_no_daemon_is_no_noise(home: Path, sticli: Run) -> None:
    done = sticli("_complete", "--", "ask", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_bash_loads_and_uses_it(script: Script, tmp_path: Path) -> None:
    program = tmp_path / "sticli"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\" >&2; printf 'ask\\nappend\\n'\n")
    program.chmod(0o755)
    lines = (
        f"PATH={tmp_path}:$PATH; source {ROOT}/completions/sticli.bash; "
        "COMP_WORDS=(sticli a); COMP_CWORD=1; _sticli; printf '%s ' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        ["bash", "-c", lines], capture_output=True, text=True, timeout=SLOW, check=True
    )
    assert done.stdout == "ask append "
