"""`sticli watch` where there is no screen to draw on: pipes, text that goes on, JSON."""

import json
import os
import pty
import signal
import termios
from pathlib import Path

import pytest

from tests.sticli.conftest import SLOW, Run, start
from tests.sticli.scripted import Script
from tests.sticli.watch.test_observer import say


def test_a_pipe_gets_one_snapshot(script: Script, sticli: Run) -> None:
    script.sessions["s"] = ["one \x1b[31mred"]
    say(script, "131.25")
    done = sticli("watch")
    assert (done.returncode, done.stderr) == (0, "")
    assert "FLASH ANSWERS of s" in done.stdout
    assert "131.25" in done.stdout
    assert "1  one red" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_json_is_one_document(script: Script, sticli: Run) -> None:
    script.sessions["s"] = ["one"]
    found = json.loads(sticli("watch", "s", "--json").stdout)
    assert found["status"]["worker"] == "ready"
    assert [session["name"] for session in found["sessions"]] == [found["chosen"]] == ["s"]
    assert found["flashes"] == []
    assert found["device"]["name"]
    assert found["schema_version"] == 1


def test_what_it_refuses(script: Script, home: Path, sticli: Run) -> None:
    assert sticli("watch", "nobody").returncode == 3
    assert sticli("watch", "--svg", "x.svg", "--size", "wide").returncode == 2


def test_without_a_daemon_it_is_4(home: Path, sticli: Run) -> None:
    done = sticli("watch", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["code"] == "unreachable"


def test_text_that_goes_on_until_interrupted(script: Script) -> None:
    script.sessions["s"] = ["one"]
    with start("watch", "--plain", "--interval", "0.1") as process:
        assert process.stdout
        assert process.stderr
        while b"LAST LINES of s" not in process.stdout.readline():
            pass
        script.sessions["s"].append("two")
        while b"2  two" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(SLOW) == 130
        assert process.stderr.read() == b""


def test_json_that_goes_on_ends_with_its_reader(script: Script) -> None:
    script.sessions["s"] = ["one"]
    with start("watch", "--plain", "--json", "--interval", "0.1") as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["type"] == "snapshot"
        process.stdout.close()
        assert process.wait(SLOW) == 0
        assert process.stderr.read() == b""


def test_a_terminal_that_cannot_draw_gets_one_snapshot(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.sessions["s"] = ["one"]
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    with start("watch", stdin=theirs, stdout=theirs) as process:
        assert process.wait(SLOW) == 0
    os.close(theirs)
    said = _read(ours, b"one")
    os.close(ours)
    assert said.isascii()
    assert b"\x1b" not in said


def test_a_terminal_gets_the_dashboard_and_is_left_as_it_was(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.sessions["s"] = ["one red apple"]
    monkeypatch.setenv("TERM", "xterm-256color")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    before = termios.tcgetattr(theirs)
    with start("watch", stdin=theirs, stdout=theirs, stderr=theirs) as process:
        said = _read(ours, b"one red apple")
        os.write(ours, b"\x03")
        said += _read(ours, b"\x1b[?1049l")  # the screen that was there before
        assert process.wait(SLOW) == 130
    assert b"\x1b[?1049h" in said
    assert termios.tcgetattr(theirs) == before
    os.close(theirs)
    os.close(ours)


def test_a_picture(script: Script, sticli: Run, tmp_path: Path) -> None:
    script.sessions["s"] = ["one red apple"]
    file = tmp_path / "watch.svg"
    assert sticli("watch", "--svg", str(file), "--size", "80x24").returncode == 0
    drawn = file.read_text("utf-8")
    assert drawn.startswith("<svg")
    assert "apple" in drawn
    assert "url(http" not in drawn  # whoever looks at it fetches nothing


def _read(terminal: int, wanted: bytes) -> bytes:
    """All that is drawn until this is."""
    said = b""
    while wanted not in said:
        said += os.read(terminal, 65_536)
    return said
