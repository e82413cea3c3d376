"""Counters of the energy that the GPUs, or else the CPU packages, have drawn."""

import math
from collections.abc import Sequence
from pathlib import Path

from sticli.machine.gpus import Gpus

POWER = Path("/sys/class/powercap")
RAPL = ("energy_uj", "max_energy_range_uj")
Counter = tuple[float, float]  # joules, and after how many it begins anew


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
