"""Asking from inside, against a daemon of the wire only and against a real one."""

import time
from pathlib import Path

from textual.widgets import Input

from sticli import paths
from sticli.client import Client
from sticli.protocol import Append, NewSession
from sticli.tui.ask import AskScreen
from sticli.tui.dashboard import Dashboard
from sticli.watch.observer import Observer
from sticli.watch.options import Options
from tests.sticli.script import Script
from tests.sticli.tui.acted import Stage, stage
from tests.sticli.tui.drawn import drawn
from tests.sticli.tui.said import Said
from tests.sticli.tui.world import look

PATIENCE = 60.0  # seconds that a busy machine may need


async def until(on: Stage, *texts: str) -> None:
    """The screen says all of it."""
    end = time.monotonic() + PATIENCE
    while not all(text in flat(on) for text in texts):
        assert time.monotonic() < end, drawn(on.app)
        await on.pilot.pause(0.05)


def flat(on: Stage) -> str:
    """The screen as one line."""
    return " ".join(drawn(on.app).replace("│", " ").replace("▌", " ").split())


async def opened(on: Stage, home: Path) -> None:
    """The dashboard asks about `ticks`."""
    on.said.socket = home / "run" / "sticli.sock"
    await on.hear(look())
    await on.press("a")


async def ask(on: Stage, question: str) -> None:
    """Type it, and Enter."""
    on.app.screen.query_one(Input).value = question
    await on.press("enter")


async def test_an_answer_appears_and_how_it_came_to_be(home: Path, script: Script) -> None:
    script.sessions["ticks"] = []
    script.progress = [
        {"state": "restoring", "message": "session 'ticks' is \x1b[1mopened[/] again"}
    ]
    script.pieces = ["[b]131", ".25\x1b]52;", "c;AAAA\x07 EUR"]
    async with stage((80, 24), session="ticks") as on:
        await opened(on, home)
        await ask(on, "--live last?")
        await until(on, "[b]131.25 EUR", "live, fresh, version 1", "9 new tokens", "total 2.0 ms")
        assert script.asked["question"] == "last?"
        assert script.asked["live"] is True
        assert "f keep as flash question" in drawn(on.app).splitlines()[-1]
        await on.press("y")
        assert on.app.clipboard == "[b]131.25 EUR"
        await on.press("f")
        while len(on.told) < 2:
            await on.pilot.pause(0.01)
        assert on.told == ["copied the answer", "a flash question of ticks from now on"]
        assert [one["question"] for one in script.flash["ticks"].values()] == ["last?"]
        await on.press("a")
        script.versions["ticks"] = script.settled["ticks"] = 5
        await ask(on, "two --wait")
        await until(on, "total 2.0 ms")
        assert script.asked["min_version"] == 5
        await on.press("a", "x")
        await recalled(on)


async def recalled(on: Stage) -> None:
    """Questions of before come back, and what was being typed."""
    line = on.app.screen.query_one(Input)
    for key, value in (("up", "two --wait"), ("up", "--live last?"), ("up", "--live last?"),
                       ("down", "two --wait"), ("down", "x"), ("down", "x")):  # fmt: skip
        await on.press(key)
        assert line.value == value
    await on.press("escape", "a", "up")
    assert on.app.screen.query_one(Input).value == "two --wait"


async def test_what_it_waits_for_is_said_and_it_can_be_given_up(home: Path, script: Script) -> None:
    script.sessions["ticks"] = []
    script.progress = [{"state": "restoring", "message": "session 'ticks' is opened again"}]
    script.linger = 60.0
    async with stage((80, 24), session="ticks") as on:
        await opened(on, home)
        await ask(on, "last?")
        await until(on, "session 'ticks' is opened again…")
        await on.press("escape")
        await until(on, "given up")
        end = time.monotonic() + PATIENCE
        while not script.hung_up:  # the daemon hears that nobody waits any more
            assert time.monotonic() < end
            time.sleep(0.01)
        assert on.app.focused is on.app.screen.query_one(Input)
        await on.press("escape")
        assert not isinstance(on.app.screen, AskScreen)


async def test_errors_are_said_with_what_to_do(home: Path, script: Script) -> None:
    async with stage((80, 24), session="ticks", readonly=True) as on:
        await opened(on, home)
        await ask(on, "--at x q")
        await until(on, "'x' is no moment: a version as 1234")
        await ask(on, "q")
        await until(on, "there is no session 'ticks' a hint")
        await on.press("f")
        assert on.told == ["read-only: nothing is changed from here"]
        assert script.flash == {}
        on.said.socket = home / "nobody"
        await on.press("a")
        await ask(on, "q")
        await until(on, "no daemon answers at", "start it with `sticli daemon start`")


async def test_a_real_daemon_answers_and_gives_up(daemon: Client) -> None:
    daemon.new(NewSession("ticks"))
    daemon.append("ticks", Append(["ACME 131.25 [red]", "VOLT \x1b[31m12"]))
    source = Observer(paths.resolve(), 0.1, "ticks")
    app = Dashboard(source, Options("ticks", 0.05))
    async with app.run_test(size=(100, 30)) as pilot:
        on = Stage(app, pilot, Said())
        await until(on, "ACME 131.25 [red]", "VOLT 12")
        await on.press("a")
        await ask(on, "--max-tokens 3 x?")
        await until(on, "live, ", "first token")
        await on.press("f", "escape", "escape")
        await until(on, "x?", "2 flash 1 · ticks")
