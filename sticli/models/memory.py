"""What memory this machine has, and how much of it a GPU's engine takes."""

from dataclasses import dataclass
from pathlib import Path

from sticli.machine import cuda, gpus

BUDGET = 2048 << 20  # bytes for cells on a CPU, unless the settings say
SHARE = 0.9  # of the memory that the weights leave free: the rest is for what passes compute
LEAST = 512 << 20  # bytes left for the driver's own needs, kernels and recorded passes, at least
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, and how many of them are free now."""

    total: int
    free: int
    name: str = ""


def host() -> Memory | None:
    """The main memory; None where the kernel does not tell."""
    try:
        lines = _MEMINFO.read_text("utf-8").splitlines()
        found = {name: int(rest.split()[0]) << 10 for name, _, rest in _parted(lines)}
        return Memory(found["MemTotal"], found["MemAvailable"])
    except (OSError, KeyError, ValueError, IndexError):
        return None


def _parted(lines: list[str]) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in lines]


def gpu() -> Memory | None:
    """The first GPU's; None without one, or where nothing can ask its driver (`nvidia-ml-py`)."""
    seen = cuda.find() and gpus.found()
    told = seen.memory(1) if seen else None
    return Memory(told[1], told[1] - told[0], seen.names[0]) if seen and told else None


def most(free: int, scratch: int = 0) -> int:
    """Bytes of a GPU's free ones that may be held, beside `scratch` that passes compute with."""
    return max(0, min(int(SHARE * free), free - LEAST - scratch))
