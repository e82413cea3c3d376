"""What the NVIDIA driver tells of the GPUs of this machine."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any


class Gpus:
    """All GPUs that the driver shows; `nvml` is the module `pynvml`, started."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._handles = [
            nvml.nvmlDeviceGetHandleByIndex(n) for n in range(nvml.nvmlDeviceGetCount())
        ]

    @property
    def names(self) -> list[str]:
        """What they are."""
        return [str(self._nvml.nvmlDeviceGetName(handle)) for handle in self._handles]

    @property
    def driver(self) -> str:
        """Its version."""
        return str(self._nvml.nvmlSystemGetDriverVersion())

    def busy(self) -> float | None:
        """How many GPUs' worth of kernels ran of late: 0 … their number; None: a slice of one."""
        try:
            rates = [self._nvml.nvmlDeviceGetUtilizationRates(handle) for handle in self._handles]
            return sum(float(rate.gpu) for rate in rates) / 100
        except self._nvml.NVMLError:
            return None

    def memory(self, first: int | None = None) -> tuple[int, int] | None:
        """Bytes in use, and bytes that there are, of the `first` few or all; None: not told."""
        try:
            handles = self._handles[:first]
            found = [self._nvml.nvmlDeviceGetMemoryInfo(handle) for handle in handles]
            return sum(int(one.used) for one in found), sum(int(one.total) for one in found)
        except self._nvml.NVMLError:
            return None

    def joules(self) -> float | None:
        """That they have drawn since the driver was loaded; None: they do not count."""
        try:
            drawn = map(self._nvml.nvmlDeviceGetTotalEnergyConsumption, self._handles)
            return float(sum(drawn)) / 1e3
        except self._nvml.NVMLError:
            return None

    def held(self, processes: Iterable[int]) -> int | None:
        """Bytes of GPU memory of these processes; None: the driver names none of them."""
        wanted = set(processes)
        found = []
        for handle in self._handles:
            with suppress(self._nvml.NVMLError):
                running = self._nvml.nvmlDeviceGetComputeRunningProcesses(handle)
                found += [one.usedGpuMemory for one in running if one.pid in wanted]
        known = [held for held in found if held is not None]
        return sum(known) if known else None


def found() -> Gpus | None:
    """The GPUs; None where there is none, or nothing that could ask (extras `gpu`, `bench`)."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        return Gpus(pynvml)
    except pynvml.NVMLError:  # no driver, or a GPU that this process may not open
        return None
