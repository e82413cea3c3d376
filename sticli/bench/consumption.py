"""What processes take while they work: CPU time and memory; of the GPUs time, energy, memory."""

import math
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sticli.bench import gpus
from sticli.bench.gpus import Gpus
from sticli.bench.report import Usage

PROCESSES = Path("/proc")
POWER = Path("/sys/class/powercap")
TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
EVERY = 0.1  # seconds between two looks at how busy the GPUs are
PARENT, ENDED_USER, ENDED_SYSTEM = 1, 13, 14  # of _fields
SCHEDULED = 2  # of the clocks of a process, the one of what the scheduler gave it
RAPL = ("energy_uj", "max_energy_range_uj")
Counter = tuple[float, float]  # joules, and after how many it begins anew


class Meter:
    """Counts from when it is made until `usage`, for `roots` and the processes they start.

    Engines that run within the bench share its process with each other and with the player: their
    CPU time contains the player's, and their memory is that of all of them. What the bench itself
    starts is then not counted, since those are other engines.
    """

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = list(roots)
        self._gpus = gpus.found()
        seen = self._gpus if self._gpus and self._gpus.busy() is not None else None
        self._busy = _Busy(seen) if seen else None
        self._energy = energy(self._gpus)
        self._cpu = cpu(self._roots)
        self._begin = time.perf_counter()

    def usage(self) -> Usage:
        """What was taken; ends the meter."""
        wall = time.perf_counter() - self._begin
        spent = cpu(self._roots)
        return Usage(
            wall,
            None if spent is None or self._cpu is None else max(0.0, spent - self._cpu),
            resident(self._roots),
            self._busy.seconds() if self._busy else None,
            drawn(self._energy, energy(self._gpus)),
            self._gpus.held(tree(self._roots)) if self._gpus else None,
        )


class _Busy:
    """Adds up how busy the GPUs are, in a thread: the driver keeps no sum."""

    def __init__(self, counted: Gpus) -> None:
        self._gpus = counted
        self._sum = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def seconds(self) -> float:
        """The sum; ends the thread."""
        self._stop.set()
        self._thread.join()
        return self._sum

    def _look(self) -> None:
        last = time.perf_counter()
        while not self._stop.wait(EVERY):
            now = time.perf_counter()
            self._sum += (self._gpus.busy() or 0.0) * (now - last)
            last = now


def tree(roots: Sequence[int]) -> list[int]:
    """The processes and all that they started; of the bench itself, only itself."""
    children: dict[int, list[int]] = {}
    for stat in PROCESSES.glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(_fields(stat)[PARENT]), []).append(int(stat.parent.name))
    found: dict[int, None] = {}
    waiting = list(roots)
    while waiting:
        process = waiting.pop()
        if process not in found:
            found[process] = None
            waiting += children.get(process, []) if process != os.getpid() else []
    return list(found)


def cpu(roots: Sequence[int]) -> float | None:
    """CPU seconds of processes and all that they started, also of those that ended meanwhile."""
    return sum(map(_spent, tree(roots))) if roots else None


def resident(roots: Sequence[int]) -> int | None:
    """Bytes of memory; pages that processes share count once for each, as in `ps`."""
    return sum(map(_held, tree(roots))) if roots else None


def _spent(process: int) -> float:
    """Its own CPU time to the nanosecond, and that of ended children, which is told in ticks."""
    try:
        own = time.clock_gettime(~process << 3 | SCHEDULED)  # as clock_getcpuclockid(3) makes it
        fields = _fields(PROCESSES / str(process) / "stat")
    except OSError:  # it has ended
        return 0.0
    ended = (int(fields[ENDED_USER]) + int(fields[ENDED_SYSTEM])) * TICK
    return own if process == os.getpid() else own + ended


def _held(process: int) -> int:
    try:
        return int((PROCESSES / str(process) / "statm").read_text().split()[1]) * PAGE
    except OSError:  # it has ended
        return 0


def _fields(stat: Path) -> list[str]:
    """Of proc_pid_stat(5), from its third on: the second, a name, may hold anything."""
    return stat.read_text("utf-8", "replace").rpartition(")")[2].split()


def energy(counted: Gpus | None, power: Path = POWER) -> list[Counter]:
    """The counters of the GPUs, else those of the CPU packages that the system lets us read."""
    if counted:
        joules = counted.joules()
        return [] if joules is None else [(joules, math.inf)]
    return [found for zone in sorted(power.glob("intel-rapl:*")) if (found := _package(zone))]


def _package(zone: Path) -> Counter | None:
    """Of one package; its parts (cores, memory) are other zones, and in it already."""
    try:
        if not (zone / "name").read_text().startswith("package"):
            return None
        joules, around = (int((zone / name).read_text()) / 1e6 for name in RAPL)
        return joules, around
    except OSError:
        return None


def drawn(before: Sequence[Counter], after: Sequence[Counter]) -> float | None:
    """Joules between two readings of the same counters; None: there are none."""
    if not before or len(before) != len(after):
        return None
    pairs = zip(before, after, strict=True)
    return sum(b - a if b >= a else b - a + around for (a, around), (b, _) in pairs)
