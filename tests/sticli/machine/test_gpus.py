"""What is asked of the NVIDIA driver, against one that answers from a list; the real one where
there is a GPU."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from sticli.bench import consumption
from sticli.machine import energy, gpus
from sticli.machine.gpus import Gpus


class Refused(Exception):
    pass


@dataclass
class Driver:
    """Two GPUs, as `pynvml` tells of them."""

    joules: list[int | None] = field(default_factory=lambda: [1000, 500])
    sliced: bool = False  # by MIG: no utilisation
    NVMLError = Refused

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, n: int) -> int:
        return n

    def nvmlDeviceGetName(self, n: int) -> str:
        return f"GPU {n}"

    def nvmlSystemGetDriverVersion(self) -> str:
        return "570.1"

    def nvmlDeviceGetUtilizationRates(self, n: int) -> Any:
        if self.sliced:
            raise Refused
        return SimpleNamespace(gpu=(80, 50)[n])

    def nvmlDeviceGetMemoryInfo(self, n: int) -> Any:
        return SimpleNamespace(used=(10, 20)[n], total=(100, 200)[n])

    def nvmlDeviceGetTotalEnergyConsumption(self, n: int) -> int:
        if (found := self.joules[n]) is None:
            raise Refused
        return found

    def nvmlDeviceGetComputeRunningProcesses(self, n: int) -> list[Any]:
        held = ({7: 100, 8: 30}, {7: 5, 9: None})[n]
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in held.items()]


def test_all_gpus_count() -> None:
    found = Gpus(Driver())
    assert (found.names, found.driver) == (["GPU 0", "GPU 1"], "570.1")
    assert found.busy() == pytest.approx(1.3)
    assert found.joules() == 1.5
    assert found.memory() == (30, 300)
    assert found.held([7]) == 105
    assert found.held([7, 8, 1]) == 135


def test_what_the_driver_does_not_tell_is_none() -> None:
    found = Gpus(Driver([1000, None]))
    assert found.joules() is None
    assert found.held([9]) is None
    assert found.held([]) is None


def test_where_no_utilisation_is_told_none_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for sliced in (True, False):
        driver = Gpus(Driver(sliced=sliced))
        monkeypatch.setattr(gpus, "found", lambda driver=driver: driver)
        usage = consumption.Meter([]).usage()
        assert (usage.gpu_s is None) == sliced
        assert usage.joules == 0.0


def test_energy_is_that_of_the_gpus_where_there_are_some() -> None:
    driver = Driver()
    before = energy.energy(Gpus(driver))
    driver.joules = [3000, 500]
    assert energy.drawn(before, energy.energy(Gpus(driver))) == 2.0


@pytest.mark.gpu
@pytest.mark.skipif(not gpus.found(), reason="needs an NVIDIA GPU")
def test_the_real_driver_tells_of_the_real_gpu() -> None:
    found = gpus.found()
    assert found
    assert found.names
    assert found.driver
    assert (found.busy() or 0) >= 0
    assert (found.joules() or 1) > 0
