"""What a measurement depends on besides us: the machine, and the versions of what runs on it."""

import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from sticli.machine import gpus
from sticli.machine.processes import pairs

# packages whose code runs while something is timed
PACKAGES = (
    *("sticli", "llama-cpp-python", "numpy", "torch", "triton", "starlette", "uvicorn"),
    *("h11", "httptools", "uvloop", "msgspec", "nvidia-ml-py"),
)
# of all that processors can, what decides how fast they multiply
FEATURES = (
    *("avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16"),
    *("amx_tile", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "sve", "bf16"),
)
INFORMATION = Path("/proc")


def machine(information: Path = INFORMATION) -> dict[str, str]:
    """What it is, as far as the system tells."""
    return {name: value for name, value in _machine(information) if value}


def stolen(information: Path = INFORMATION) -> tuple[int, int]:
    """Clock ticks since the start in which a hypervisor ran others in our place, and all ticks."""
    with suppress(OSError, ValueError):
        ticks = [int(one) for one in _first(information / "stat").split()[1:9]]
        return (ticks[7], sum(ticks)) if len(ticks) == 8 else (0, 0)
    return 0, 0


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Of Python and of the packages that are installed."""
    found = {"python": platform.python_version()}
    for name in packages:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _machine(information: Path) -> Iterator[tuple[str, str]]:
    processor = pairs(information / "cpuinfo")
    known = (processor.get("flags") or processor.get("Features") or "").split()
    yield "processor", processor.get("model name") or platform.machine()
    yield "features", " ".join(name for name in FEATURES if name in known)
    yield "cores", f"{len(os.sched_getaffinity(0))} of {os.cpu_count()}"
    yield "memory", _gibibytes(pairs(information / "meminfo").get("MemTotal", ""))
    yield "system", f"{platform.system()} {platform.release()} {platform.machine()}"
    yield "virtual", "yes" if "hypervisor" in known else ""
    yield "load", f"{os.getloadavg()[0]:.2f} processes in the minute before"
    yield from _graphics()


def _graphics() -> Iterator[tuple[str, str]]:
    found = gpus.found()
    if not found:
        yield "gpu", "no GPU that a driver shows"
        return
    yield "gpu", ", ".join(found.names)
    yield "driver", found.driver


def _first(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline()


def _gibibytes(kibibytes: str) -> str:
    number = kibibytes.removesuffix("kB").strip()
    return f"{int(number) / 2**20:.1f} GiB" if number.isdigit() else ""
