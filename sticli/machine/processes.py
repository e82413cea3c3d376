"""What processes of this machine take: CPU time and memory, as /proc and their clocks tell it."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")
TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
PARENT, ENDED_USER, ENDED_SYSTEM = 1, 13, 14  # of _fields
SCHEDULED = 2  # of the clocks of a process, the one of what the scheduler gave it


def pairs(path: Path) -> dict[str, str]:
    """`name : value` of each line, the first of a name; nothing where there is no such file."""
    found: dict[str, str] = {}
    with suppress(OSError):
        for line in path.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip(), value.strip())
    return found


def tree(roots: Sequence[int]) -> list[int]:
    """The processes and all that they started; of the asker itself, only itself."""
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
    return sum(map(held, tree(roots))) if roots else None


def own(process: int) -> float:
    """CPU seconds of all threads of a process, to the nanosecond.

    Raises:
        OSError: it has ended.
    """
    return time.clock_gettime(~process << 3 | SCHEDULED)  # as clock_getcpuclockid(3) makes it


def held(process: int) -> int:
    """Bytes of memory of a process; 0 once it has ended."""
    try:
        return int((PROCESSES / str(process) / "statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def _spent(process: int) -> float:
    """Its own CPU time, and that of ended children, which is told in ticks."""
    try:
        spent, fields = own(process), _fields(PROCESSES / str(process) / "stat")
    except OSError:  # it has ended
        return 0.0
    ended = (int(fields[ENDED_USER]) + int(fields[ENDED_SYSTEM])) * TICK
    return spent if process == os.getpid() else spent + ended


def _fields(stat: Path) -> list[str]:
    """Of proc_pid_stat(5), from its third on: the second, a name, may hold anything."""
    return stat.read_text("utf-8", "replace").rpartition(")")[2].split()
