"""What the engine needs to know of this computer: its processor, its cores, memory for cells."""

import os
import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def physical_cores(cpuinfo: str | None = None) -> int:
    """Cores that this process may use, hardware threads of one core counted once."""
    usable = len(os.sched_getaffinity(0))
    cores = {
        (block.get("physical id"), block.get("core id"))
        for block in _processors(_read() if cpuinfo is None else cpuinfo)
        if "core id" in block
    }
    return max(1, min(usable, len(cores) or usable))


def thread_counts() -> list[int]:
    """Numbers of threads worth trying: one a physical core, then half as many, down to one."""
    counts = [physical_cores()]
    while counts[-1] > 1:
        counts.append(counts[-1] // 2)
    return counts


def cpu_name(cpuinfo: str | None = None) -> str:
    """The processor's name, as the kernel gives it."""
    for block in _processors(_read() if cpuinfo is None else cpuinfo):
        if "model name" in block:
            return block["model name"]
    return platform.processor() or platform.machine()


def has_amx(cpuinfo: str | None = None) -> bool:
    """Whether the processor claims matrix units."""
    blocks = _processors(_read() if cpuinfo is None else cpuinfo)
    return any("amx_int8" in block.get("flags", "").split() for block in blocks)


def _read() -> str:
    try:
        return _CPUINFO.read_text("utf-8", "replace")
    except OSError:
        return ""


def _processors(cpuinfo: str) -> list[dict[str, str]]:
    """One mapping a hardware thread."""
    return [
        {key.strip(): value.strip() for key, _, value in map(_parted, block.splitlines())}
        for block in cpuinfo.strip().split("\n\n")
    ]


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(":")
