"""Readings of the machine: from files of its kernel, from a driver that answers from a list."""

import os
from pathlib import Path

import pytest

from sticli.machine import gpus, processes
from sticli.machine.gpus import Gpus
from sticli.watch import device
from sticli.watch.device import Readings
from tests.sticli.machine.test_gpus import Driver

MEMORY = "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  400 kB\n"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that readings see."""
    now = [100.0]
    monkeypatch.setattr(device.time, "monotonic", lambda: now[0])
    return now


def machine(folder: Path, work: int, rest: int, joules: int = 0) -> Readings:
    """Of a machine whose processors have worked and rested for so many ticks."""
    (folder / "stat").write_text(f"cpu {work} 0 0 {rest} 0 0 0 0 0 0\ncpu0 1 1 1 1\n")
    (folder / "meminfo").write_text(MEMORY)
    (folder / "cpuinfo").write_text("processor : 0\nmodel name : A CPU\nmodel name : no\n")
    zone = folder / "intel-rapl:0"
    zone.mkdir(exist_ok=True)
    (zone / "name").write_text("package-0\n")
    (zone / "energy_uj").write_text(f"{joules * 10**6}\n")
    (zone / "max_energy_range_uj").write_text("1000000000\n")
    return Readings(1.0, folder, folder)


def test_processors(tmp_path: Path, now: list[float]) -> None:
    readings = machine(tmp_path, 100, 100)
    first = readings.read([], gpu=False)
    assert (first.gpu, first.busy, first.watts, first.worker_cpu) == (False, None, None, None)
    assert first.name.startswith("A CPU, ")
    assert (first.memory, first.memory_total) == (600 * 1024, 1000 * 1024)
    machine(tmp_path, 130, 110, joules=60)
    assert readings.read([], gpu=False) is first  # so soon it would only jump about
    now[0] += 2.0
    second = readings.read([], gpu=False)
    assert (second.busy, second.watts) == (0.75, 30.0)


def test_what_nothing_measures_is_none(tmp_path: Path) -> None:
    found = Readings(0.0, tmp_path, tmp_path)
    for _ in range(2):
        read = found.read([2**22 + 1], gpu=False)
    assert (read.busy, read.memory, read.watts) == (None, None, None)
    assert (read.worker_cpu, read.worker_memory) == (None, None)


def test_gpus(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    driver = Driver()
    monkeypatch.setattr(gpus, "found", lambda: Gpus(driver))
    readings = Readings()
    read = readings.read([])
    assert (read.gpu, read.name, read.busy) == (True, "GPU 0, GPU 1", pytest.approx(0.65))
    assert (read.memory, read.memory_total, read.watts) == (30, 300, None)
    driver.joules = [3000, 500]
    now[0] += 4.0
    assert readings.read([]).watts == 0.5
    driver.sliced = True
    now[0] += 4.0
    assert readings.read([]).busy is None
    now[0] += 4.0
    assert not readings.read([], gpu=False).gpu  # the model is not there


def test_what_our_processes_take(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    spent = {7: 10.0, 8: 1.0}
    monkeypatch.setattr(processes, "own", spent.__getitem__)
    readings = Readings()
    assert readings.read([7], gpu=False).worker_cpu is None
    now[0] += 2.0
    spent[7] = 11.0
    assert readings.read([7, 8], gpu=False).worker_cpu == 0.5  # 8 is new
    now[0] += 2.0
    assert readings.read([8], gpu=False).worker_cpu == 0.0


def test_this_very_process_holds_memory() -> None:
    read = Readings().read([os.getpid()], gpu=False)
    assert read.worker_memory
    assert read.worker_memory > 2**20
