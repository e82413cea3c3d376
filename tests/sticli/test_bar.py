"""How far the model is loaded, as the commands that wait for it show it."""

import re

from tests.sticli.conftest import Run
from tests.sticli.scripted import Script
from tests.sticli.test_cli import on_a_terminal

STEPS = [{"done": done, "total": 4, "what": "weights"} for done in (1, 1, 2, 3)]


def test_a_terminal_shows_a_bar(script: Script) -> None:
    script.loads = list(STEPS)
    shown = on_a_terminal("daemon", "start")
    assert "the model is loading" in shown
    assert re.search(r"sticli: weights.* (25|50|75)%", shown)
    assert "the daemon runs" in shown
    assert not script.loads, "it waits until the model is there"


def test_a_pipe_gets_one_line(script: Script, sticli: Run) -> None:
    script.loads = list(STEPS)
    first, last = sticli("daemon", "start").stderr.splitlines()
    assert first == "sticli: the model is loading"
    assert "the daemon runs" in last
    script.loads = list(STEPS)
    assert sticli("daemon", "start", "-q").stderr == ""
