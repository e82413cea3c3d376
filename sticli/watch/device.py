"""How busy the machine is that computes: the GPUs where there are some, else the processors."""

import os
import platform
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sticli.machine import energy, gpus, processes
from sticli.machine.gpus import Gpus
from sticli.machine.processes import pairs
from sticli.watch.news import Device

EVERY = 1.0  # seconds; oftener the readings would only jump about
KIBIBYTE = 1024
IDLE, WAITING = 3, 4  # of the times in /proc/stat, those in which a processor does nothing


class Readings:
    """Shares and watts are those since the reading before: the first has none."""

    def __init__(
        self,
        every: float = EVERY,
        information: Path = Path("/proc"),
        power: Path = energy.POWER,
    ) -> None:
        self._every = every
        self._information = information
        self._power = power
        self._gpus: Gpus | None = None
        self._looked = False  # for GPUs: to start their driver takes a while
        self._name = ""
        self._last = Device()
        self._at: float | None = None
        self._times = (0.0, 0.0)  # of all processors: at work, in all
        self._spent: dict[int, float] = {}  # CPU seconds of each process
        self._energy: list[energy.Counter] = []

    def read(self, pids: Sequence[int], *, gpu: bool = True) -> Device:
        """How things stand; the same as before until `every` seconds have passed.

        `pids` are the daemon's processes; without `gpu` it is the processors that compute.
        """
        now = time.monotonic()
        if self._at is None or now >= self._at + self._every:
            seconds = now - self._at if self._at is not None else 0.0
            self._last, self._at = self._read(pids, seconds, self._found() if gpu else None), now
        return self._last

    def _read(self, pids: Sequence[int], seconds: float, found: Gpus | None) -> Device:
        memory, total = (found.memory() if found else self._memory()) or (None, None)
        return Device(
            name=_names(found) if found else self._processor(),
            gpu=found is not None,
            busy=self._share(found),
            memory=memory,
            memory_total=total,
            watts=self._watts(found, seconds),
            worker_cpu=self._worker(pids, seconds),
            worker_memory=sum(map(processes.held, pids)) or None,
        )

    def _found(self) -> Gpus | None:
        if not self._looked:
            self._gpus, self._looked = gpus.found(), True
        return self._gpus

    def _processor(self) -> str:
        """What it calls itself; read once."""
        if not self._name:
            named = pairs(self._information / "cpuinfo").get("model name", platform.machine())
            self._name = f"{named}, {len(os.sched_getaffinity(0))} of {os.cpu_count()} cores"
        return self._name

    def _share(self, found: Gpus | None) -> float | None:
        if found:
            busy = found.busy()
            return None if busy is None else busy / max(1, len(found.names))
        before, self._times = self._times, self._ticks()
        worked, passed = (new - old for new, old in zip(self._times, before, strict=True))
        return min(1.0, max(0.0, worked / passed)) if before[1] and passed > 0 else None

    def _ticks(self) -> tuple[float, float]:
        with suppress(OSError, ValueError), (self._information / "stat").open() as file:
            times = [float(one) for one in file.readline().split()[1:9]]
            return sum(times) - times[IDLE] - times[WAITING], sum(times)
        return 0.0, 0.0

    def _memory(self) -> tuple[int, int] | None:
        found = pairs(self._information / "meminfo")
        with suppress(KeyError, ValueError):
            total, free = (int(found[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
            return (total - free) * KIBIBYTE, total * KIBIBYTE
        return None

    def _watts(self, found: Gpus | None, seconds: float) -> float | None:
        before, self._energy = self._energy, energy.energy(found, self._power)
        joules = energy.drawn(before, self._energy)
        return None if joules is None or seconds <= 0 else joules / seconds

    def _worker(self, pids: Sequence[int], seconds: float) -> float | None:
        """Cores' worth of CPU time that the processes took, those that are new left out."""
        before, self._spent = self._spent, {}
        for pid in pids:
            with suppress(OSError):
                self._spent[pid] = processes.own(pid)
        known = self._spent.keys() & before.keys()
        if not known or seconds <= 0:
            return None
        return sum(max(0.0, self._spent[pid] - before[pid]) for pid in known) / seconds


def _names(found: Gpus) -> str:
    """2 × NVIDIA H100"""
    counted = Counter(found.names).items()
    return ", ".join(name if count == 1 else f"{count} × {name}" for name, count in counted)
