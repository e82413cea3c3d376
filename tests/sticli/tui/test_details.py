"""All that is known of a session: its facts follow the state, its account is asked for."""

from pathlib import Path

from sticli.tui.details import DetailsScreen
from tests.sticli.script import Script
from tests.sticli.tui.acted import Stage, stage
from tests.sticli.tui.drawn import drawn
from tests.sticli.tui.said import NOON, session
from tests.sticli.tui.world import look

SHOWN = """\
name       logs
state      live
place      host
lines      120 stored, 120 settled
pending    0
version    41 stored, 41 settled
tokens     1,234 of 8,192
window     from line 1
when full  rebase
flash      0
created    2023-11-15 11:00:00
used       5s ago
system     [b]␇
note       restored⏎[red]
feed       follows [b]/x, 12 lines, 3s ago

logs: on the device
900 tokens of 4,096: 800 in cells, 100 still to be computed
500 computed, 200 restored, 100 shared with a
cells: 4,096 set aside, 64 promised to questions, 7 in prepared decisions
[red]
""".splitlines()


async def until(on: Stage, text: str) -> None:
    """The screen says it."""
    for _ in range(2_000):
        if text in drawn(on.app):
            return
        await on.pilot.pause(0.01)
    raise AssertionError(drawn(on.app))


def text(on: Stage) -> list[str]:
    return [line.strip("│ ") for line in drawn(on.app).splitlines()[1:-2]]


async def test_what_show_and_explain_say(home: Path, script: Script) -> None:
    script.sessions["logs"] = []
    feed = {"producer": "p", "description": "follows [b]/x", "next_seq": 12, "position": ""}
    script.feeds["logs"] = {"p": feed | {"run": 0, "at": NOON - 3}}
    script.account = {"notes": ["\x1b[31m[red]"]}
    async with stage((80, 26)) as on:
        on.said.socket = home / "run" / "sticli.sock"
        facts = session("logs", place="host", system="[b]\x07", note="restored\n[red]")
        await on.hear(look(sessions=[facts]))
        on.app.push_screen(DetailsScreen(on.said, on.app.state, "logs"))
        await until(on, "500 computed")
        assert text(on)[: len(SHOWN)] == SHOWN
        script.account = {"computed": 501}
        await on.press("r")
        await until(on, "501 computed")
        await on.press("y")
        assert on.app.clipboard.splitlines()[:2] == SHOWN[:2]
        await on.hear(look(sessions=[]))
        assert "this session is gone" in text(on)[0]
        await on.press("escape")
        assert not isinstance(on.app.screen, DetailsScreen)


async def test_a_daemon_that_is_not_there_is_said() -> None:
    async with stage() as on:
        await on.hear(look())
        on.app.push_screen(DetailsScreen(on.said, on.app.state, "logs"))
        await until(on, "no daemon answers at /nowhere/sticli.sock")
        await until(on, "start it with `sticli daemon start`")
