"""What the driver says of a GPU, and whether the gpu engine can use it."""

import ctypes
from typing import Any

import pytest

from sticli.machine import cuda
from sticli.machine.cuda import Gpu

ANSWERS = {75: 8, 76: 9}  # attributes: the compute capability


class Driver:
    """Answers as the driver of one GPU."""

    def __init__(self, error: int = 0) -> None:
        self._error = error

    def cuInit(self, flags: int) -> int:
        return self._error

    def cuDeviceGet(self, device: Any, number: int) -> int:
        device._obj.value = number
        return 0

    def cuDeviceGetName(self, name: Any, size: int, device: Any) -> int:
        name.value = b"A GPU"
        return 0

    def cuDeviceGetAttribute(self, value: Any, number: int, device: Any) -> int:
        value._obj.value = ANSWERS[number]
        return 0


def test_a_gpu_by_name_and_capability(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Driver())
    assert cuda.find() == Gpu("A GPU", (8, 9))


def test_a_driver_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Driver(error=100))
    assert cuda.find() is None


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError("no such file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert cuda.find() is None


def test_why_a_gpu_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "lacking", lambda: "")
    assert cuda.unfit(None) == "there is no CUDA GPU"
    assert cuda.unfit(Gpu("A GPU", (8, 0))) == ""
    assert "capability 7.5, 8.0 is the least" in cuda.unfit(Gpu("Old", (7, 5)))
    monkeypatch.undo()
    monkeypatch.setattr(cuda, "NEEDS", ("torch", "no_such_package"))
    assert cuda.unfit(Gpu("A GPU", (9, 0))) == "no_such_package not installed"
