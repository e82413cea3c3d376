"""The screens, letter by letter, at the sizes that people have."""

import io
import sys

import pytest

from sticli.errors import SticliError
from sticli.protocol import Loading, Problem
from sticli.watch.news import Lost
from sticli.watch.symbols import symbols
from tests.sticli.tui.acted import stage
from tests.sticli.tui.drawn import drawn
from tests.sticli.tui.said import NOON, session, snapshot, status
from tests.sticli.tui.world import look

SIZES = ((80, 24), (120, 40), (200, 60), (60, 18), (40, 24), (40, 10))
GONE = SticliError("unreachable", "no daemon answers at /s", "start it with `x`")
WORKERS = {
    "loading": status(worker="starting", model=None, loading=Loading(30, 60, "weights")),
    "starting": status(worker="starting", model=None),
    "backoff": status(worker="backoff", last_error="killed by signal 9"),
    "asleep": status(worker="asleep"),
    "stopped": status(
        worker="stopped", failure=Problem("model", "it died 5 times", "see `sticli doctor`")
    ),
}


async def test_all_there_is_at_every_size() -> None:
    async with stage(session="ticks") as on:
        await on.begin()
        for width, height in SIZES:
            await on.pilot.resize_terminal(width, height)
            await on.pilot.pause()
            await on.same(f"all-{width}x{height}")
        for pane, name in zip("456", ("scheduler", "device", "events"), strict=True):
            await on.pilot.resize_terminal(80, 24)
            await on.press(pane)
            await on.same(f"{name}-80x24")


async def test_what_there_is_before_all_is_well_and_after() -> None:
    empty = session("ticks", lines=0, tokens=0)
    async with stage((80, 18)) as on:
        await on.same("connecting")
        await on.hear(Lost(NOON, GONE))
        await on.same("never-there")
        for state, found in WORKERS.items():
            await on.hear(snapshot(status=found))
            await on.same(f"worker-{state}")
        assert on.told == ["the daemon is back"]
        on.app.clear_notifications()
        await on.hear(snapshot())
        await on.same("no-sessions")
        await on.hear(snapshot(sessions=[empty]))
        await on.hear(snapshot(chosen="ticks", sessions=[empty]))
        await on.same("no-flash")
        await on.hear(look())
        await on.hear(Lost(NOON + 60, GONE))
        await on.hear(Lost(NOON + 62, GONE))
        await on.same("lost")
        far = SticliError("unreachable", "no daemon answers at /run" + "/x" * 30, "start it")
        await on.hear(Lost(NOON + 64, far))
        assert "(start it)" in drawn(on.app)
        await on.hear(look(NOON + 70))
        assert not on.app.desk.query_one("#banner").display
        assert on.told == ["the daemon is back"]


async def test_a_terminal_of_plain_letters_is_drawn_with_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "__stdout__", io.TextIOWrapper(io.BytesIO(), "ascii"))
        symbols.cache_clear()
        async with stage((60, 18), session="ticks") as on:
            await on.begin()
            for key in (*"123456", "enter", "escape", "question_mark", "escape", "1", "d"):
                await on.press(key)
                assert drawn(on.app).isascii(), key
    symbols.cache_clear()
