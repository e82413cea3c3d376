"""The device's pane, letter by letter, on machines that tell much and little."""

from sticli.tui.device import DevicePane, drawn
from sticli.watch.news import Device
from sticli.watch.state import State
from tests.sticli.tui.alone import alone
from tests.sticli.tui.said import NOON, snapshot, status

GPU = Device(
    name="NVIDIA [H100]", gpu=True, busy=0.5, memory=12_300_000_000, memory_total=80_000_000_000,
    watts=312.4, worker_cpu=0.84, worker_memory=1_200_000_000,
)  # fmt: skip
ON_GPU = """\
busy     █████░░░░░  50 % ▁▅
memory   ██░░░░░░░░  15 % 12.3 GB of 80.0 GB
power    312 W
worker   0.84 cores, 1.2 GB
cells    12,340 of 65,536 used
reserved 16,384 cells for sessions
spilled  0 B in RAM, 3.0 MB on disk"""
ON_CPU = """\
busy     — nothing measures it
memory   — nothing measures it
power    — no meter here tells
worker   — no worker to measure
cells    — no worker holds any
spilled  0 B in RAM, 0 B on disk"""
WIDE = """\
busy     █████░░░░░  50 % ▁▅         worker   0.84 cores, 1.2 GB
memory   12.3 GB of 80.0 GB          cells    12,340 of 65,536 used
power    312 W                       reserved 16,384 cells for sessions
                                     spilled  0 B in RAM, 3.0 MB on disk"""


def text(state: State, width: int, past: list[float]) -> str:
    return "\n".join(line.rstrip() for line in drawn(state, width, past).plain.split("\n"))


def test_a_machine_that_tells_all() -> None:
    state = State()
    state.fold(snapshot(device=GPU, status=status(usage={"disk_bytes": 3e6})))
    assert text(state, 52, [0.0, 0.5]) == ON_GPU
    assert text(state, 76, [0.0, 0.5]) == WIDE
    assert "memory   12.3 GB of 80.0 GB\n" in text(state, 34, [])


def test_a_machine_that_tells_nothing_says_why() -> None:
    state = State()
    assert text(state, 40, []) == "no news of the daemon yet"
    state.fold(snapshot(device=Device(), status=status(cells=0)))
    assert text(state, 40, []) == ON_CPU


async def test_the_curve_has_a_point_for_each_look() -> None:
    async with alone(DevicePane(), (60, 12)) as on:
        for second, busy in enumerate((0.0, 1.0, 1.0)):
            device = Device(name="\x1b[1m[b]odd", busy=busy)
            await on.hear(snapshot(NOON + second, device=device))
        assert on.seen[0].startswith("╭─ 5 device · [b]odd ─")
        assert "busy     ██████████ 100 % ▁██ " in on.seen[1]
        on.app.pane.show(on.app.state)  # type: ignore[attr-defined]
        await on.pilot.pause()
        assert "▁██ " in on.seen[1]
