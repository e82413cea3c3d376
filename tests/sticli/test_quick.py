"""An answer that is known is printed before the program is loaded; all else is the program's."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sticli import quick, service
from sticli.__main__ import INTERRUPTED as EARLY
from sticli.errors import INTERRUPTED
from sticli.place import socket_path
from sticli.quick import answered
from tests.sticli.conftest import SLOW, Run, command
from tests.sticli.scripted import Script
from tests.test_layers import loaded_by


@pytest.fixture
def known(script: Script) -> Script:
    """A daemon that has the answer."""
    script.sessions["s"] = ["a"]
    script.known = True
    return script


def test_a_known_answer_is_printed(known: Script, sticli: Run) -> None:
    known.pieces = ["größer\n", "131.25"]
    done = sticli("ask", "s", "last", "price?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "größer\n131.25\n", "")
    assert known.asked == {"question": "last price?", "known": True, "stream": False}


def test_it_takes_neither_the_parser_nor_the_protocol(known: Script) -> None:
    loaded = loaded_by("ask", "s", "?")
    assert known.asked["known"]
    assert "sticli.quick" in loaded
    slow = {"typer", "msgspec", "dataclasses", "inspect", "typing", "subprocess", "threading"}
    assert not loaded & (slow | {"uuid", "asyncio", "sticli.cli", "sticli.errors"})


def test_without_one_the_program_asks(known: Script, sticli: Run) -> None:
    known.known = False
    assert sticli("ask", "s", "?").stdout == "131.25\n"
    assert known.asked["stream"]


@pytest.mark.parametrize(
    "answer",
    [{"pending": 2}, {"finish_reason": "length"}, {"schema_version": 9}, {"answer": "\x1b[31mred"}],
)
def test_what_needs_a_word_or_a_washing_is_left_to_the_program(
    known: Script, sticli: Run, answer: dict[str, Any]
) -> None:
    known.answer = answer
    assert not answered(["ask", "s", "?"])
    done = sticli("ask", "s", "?")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert ("--wait waits for that" in done.stderr) == ("pending" in answer)
    assert ("see --max-tokens" in done.stderr) == ("finish_reason" in answer)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "ps",
        "ask s",
        "ask s ? -v",
        "ask --json s ?",
        "ask s -- ?",
        "ask s - ",
        "-q ask s ?",
        "show s ?",
        "ask s/x ?",
        "ask größer ?",
        "ask nobody ?",
    ],
)
def test_anything_else_is_left_alone(
    known: Script, capfd: pytest.CaptureFixture[str], words: str
) -> None:
    assert not answered(words.split())
    assert capfd.readouterr().out == ""
    assert known.asked == {}


def test_no_daemon_no_unicode_and_no_stdout_are_left_alone(
    known: Script, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not answered(["ask", "s", os.fsdecode(b"\xff")])
    assert known.asked == {}
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        assert not answered(["ask", "s", "?"])
    monkeypatch.setenv("STICLI_SOCKET", "/no/such/socket")
    assert not answered(["ask", "s", "?"])
    assert capfd.readouterr().out == ""


def test_where_systemd_would_start_a_daemon_that_may_not_the_program_looks_first(
    known: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = tmp_path / "systemd" / "user" / service.SOCKET
    unit.parent.mkdir(parents=True)
    unit.write_text("[Socket]\nListenStream=/of/another/home\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("STICLI_NO_AUTOSTART", "1")
    assert answered(["ask", "s", "?"])
    known.asked = {}
    unit.write_text(f"[Socket]\nListenStream={socket_path()}\n".replace("%", "%%"))
    assert not answered(["ask", "s", "?"])
    assert known.asked == {}
    monkeypatch.setenv("STICLI_NO_AUTOSTART", "0")
    assert answered(["ask", "s", "?"])


@pytest.mark.parametrize("body", [b"[]", b"{}", b"3"])
def test_what_is_no_answer_is_left_to_the_program(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(quick, "_post", lambda path, request: (200, body))
    assert not answered(["ask", "s", "?"])


def test_a_full_disk_is_said(known: Script) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command("ask", "s", "?"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=SLOW
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr


def test_the_exit_code_is_that_of_every_interruption() -> None:
    assert EARLY == INTERRUPTED


INTERRUPT = """
import os, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), 2)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["sticli", "ask", "s", "?"]
from sticli.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "name",
    ["signal", "sticli.quick", "sticli.exchange", "typer", "sticli.commands.ask", "sticli.client"],
)
def test_ctrl_c_while_anything_loads_ends_it_silently(script: Script, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", INTERRUPT.format(name=name)],
        capture_output=True,
        text=True,
        timeout=SLOW,
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode == (INTERRUPTED if name == "signal" else -signal.SIGINT)
