"""The scheduler's pane, letter by letter."""

from sticli.tui.scheduler import SchedulerPane, drawn
from sticli.watch.state import State
from tests.sticli.tui.alone import alone
from tests.sticli.tui.said import NOON, snapshot, status

SHARES = {"ask": 0.12, "ingest": 0.4, "flash": 0.2, "ready": 0.05, "upkeep": 0.001}
NARROW = """\
                    share  tok/s
ask    █░░░░░░░░░░░  12 %    360
ingest █████░░░░░░░  40 %  1,200
flash  ██░░░░░░░░░░  20 %    600
ready  █░░░░░░░░░░░   5 %    150
upkeep █░░░░░░░░░░░  <1 %      3
idle   ███░░░░░░░░░  23 %
asks      1 running, 2 waiting
stall     p99 4.2, longest 12.0 ms
flash     1,204 runs, 1 hit
decisions 88 prepared, 12 read off
drafts    80 % of 400 right"""
WIDE = """\
            share  tok/s p50 ms p99 ms  asks      1 running, 2 waiting
ask    █░░░  12 %    360    3.1    9.0  stall     p99 4.2, longest 12.0 ms
ingest ██░░  40 %  1,200    6.2   18.0  flash     1,204 runs, 1 hit
flash  █░░░  20 %    600    9.3   27.0  decisions 88 prepared, 12 read off
ready  █░░░   5 %    150   12.4   36.0  drafts    80 % of 400 right
upkeep █░░░  <1 %      3      —      —
idle   █░░░  23 %"""


def usage(seconds: float) -> dict[str, float]:
    """What the worker has counted after so long."""
    found = {
        "asks_waiting": 2, "asks_running": 1, "stall_s_count": 3, "stall_s_p99": 0.0042,
        "stall_s_max": 0.012, "flash_evaluations": 1204, "ready_evaluations": 88,
        "ready_exits": 12, "drafted": 400, "accepted": 320,
    }  # fmt: skip
    for number, (kind, share) in enumerate(SHARES.items(), 1):
        found |= {f"device_s_{kind}": share * seconds, f"tokens_{kind}": 3000 * share * seconds}
        if kind != "upkeep":
            found |= {
                f"step_s_{kind}_count": 5,
                f"step_s_{kind}_p50": 0.0031 * number,
                f"step_s_{kind}_p99": 0.009 * number,
            }
    return {name: float(value) for name, value in found.items()}


def worked() -> State:
    state = State()
    counters = {"flash_hits": 1}
    for seconds in range(5):
        known = status(usage=usage(seconds), counters=counters)
        state.fold(snapshot(NOON + seconds, status=known))
    return state


def text(state: State, width: int) -> str:
    return "\n".join(line.rstrip() for line in drawn(state, width).plain.split("\n"))


def test_shares_rates_times_and_counts() -> None:
    state = worked()
    assert text(state, 32) == NARROW
    assert text(state, 76) == WIDE
    assert max(len(line) for line in drawn(state, 200).plain.split("\n")) <= 200


def test_a_daemon_that_has_done_nothing() -> None:
    state = State()
    assert text(state, 40) == "no news of the daemon yet"
    state.fold(snapshot(status=status(usage={})))
    assert "idle   ██████████ 100 %" in text(state, 30)
    assert "stall     —" in text(state, 40)
    assert "drafts    —" in text(state, 40)


async def test_the_pane_draws_only_what_has_changed() -> None:
    pane = SchedulerPane()
    async with alone(pane, (78, 9)) as on:
        state = on.app.state = worked()
        pane.show(state)
        await on.pilot.pause()
        assert [line.strip("│").rstrip() for line in on.seen[1:-1]] == WIDE.split("\n")
        pane.show(state)
        assert not pane.children[0]._repaint_required
        state.fold(snapshot(NOON + 5, status=status(usage=usage(6), counters={})))
        pane.show(state)
        assert pane.children[0]._repaint_required
