"""The screens, letter by letter, at the sizes that people have."""

from sticli.errors import SticliError
from sticli.protocol import Loading, Problem
from sticli.watch.news import Lost
from tests.sticli.tui.acted import stage
from tests.sticli.tui.drawn import same
from tests.sticli.tui.said import NOON, session, snapshot, status
from tests.sticli.tui.world import look, news

SIZES = ((80, 24), (120, 40), (200, 60), (60, 18), (40, 24), (40, 10))


async def test_all_there_is_at_every_size() -> None:
    async with stage(session="ticks") as on:
        await on.hear(look())
        await on.hear(*news())
        for width, height in SIZES:
            await on.pilot.resize_terminal(width, height)
            await on.pilot.pause()
            same(on.app, f"all-{width}x{height}")


async def test_where_there_is_nothing_it_says_what_to_do() -> None:
    empty = session("ticks", lines=0, tokens=0)
    async with stage() as on:
        same(on.app, "connecting")
        await on.hear(snapshot())
        same(on.app, "no-sessions")
        await on.hear(snapshot(sessions=[empty]))
        await on.hear(snapshot(chosen="ticks", sessions=[empty]))
        same(on.app, "no-flash")


async def test_the_daemon_goes_and_comes_back() -> None:
    gone = SticliError("unreachable", "no daemon answers at /s", "start it with `x`")
    async with stage(session="ticks") as on:
        await on.hear(look())
        await on.hear(*news())
        await on.hear(Lost(NOON + 60, gone))
        await on.hear(Lost(NOON + 62, gone))
        same(on.app, "lost")
        await on.hear(look(NOON + 70))
        assert not on.app.query_one("#banner").display
        assert on.told == ["the daemon is back"]


async def test_a_daemon_that_was_never_there() -> None:
    gone = SticliError("unreachable", "no daemon answers at /s", "start it with `x`")
    async with stage((80, 18)) as on:
        await on.hear(Lost(NOON, gone))
        same(on.app, "never-there")


WORKERS = {
    "loading": status(worker="starting", model=None, loading=Loading(30, 60, "weights")),
    "starting": status(worker="starting", model=None),
    "backoff": status(worker="backoff", last_error="killed by signal 9"),
    "asleep": status(worker="asleep"),
    "stopped": status(
        worker="stopped", failure=Problem("model", "it died 5 times", "see `sticli doctor`")
    ),
}


async def test_a_worker_that_is_not_ready() -> None:
    async with stage((80, 18)) as on:
        for state, found in WORKERS.items():
            await on.hear(snapshot(status=found))
            same(on.app, f"worker-{state}")
        await on.hear(snapshot())
        assert not on.app.query_one("#banner").display
