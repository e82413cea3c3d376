"""The CUDA GPU of this machine, asked of its driver: to ask torch takes seconds."""

import ctypes
import importlib.util
from dataclasses import dataclass

LEAST = (8, 0)  # compute capability: the kernels need its copies and matrix units
NEEDS = ("torch", "triton")
_CAPABILITY = (75, 76)  # of enum CUdevice_attribute: major, minor


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU by name and compute capability."""

    name: str
    capability: tuple[int, int]


def find() -> Gpu | None:
    """The first GPU that this process may use; None without one."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    if driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(device), 0):
        return None
    driver.cuDeviceGetName(name, len(name), device)
    major, minor = (_attribute(driver, number, device) for number in _CAPABILITY)
    return Gpu(name.value.decode("utf-8", "replace"), (major, minor))


def _attribute(driver: ctypes.CDLL, number: int, device: ctypes.c_int) -> int:
    value = ctypes.c_int()
    driver.cuDeviceGetAttribute(ctypes.byref(value), number, device)
    return value.value


def lacking() -> str:
    """Which of the packages are missing that the gpu engine needs; empty if none is."""
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


def unfit(gpu: Gpu | None) -> str:
    """Why the gpu engine cannot use this GPU; empty if it can."""
    if gpu is None:
        return "there is no CUDA GPU"
    if gpu.capability < LEAST:
        found, least = (".".join(map(str, item)) for item in (gpu.capability, LEAST))
        return f"{gpu.name} has compute capability {found}, {least} is the least"
    return lacking()
