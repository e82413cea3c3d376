"""A report tells on what it was measured."""

import os
import platform
from pathlib import Path

import pytest

from sticli.bench import facts

CPUINFO = """processor\t: 0
model name\t: Fast Processor 9000
flags\t\t: fpu avx avx2 hypervisor amx_int8

processor\t: 1
model name\t: Another
"""


def test_the_machine_is_what_the_system_tells(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    (tmp_path / "meminfo").write_text("MemTotal:       16777216 kB\nMemFree: 1 kB\n")
    found = facts.machine(tmp_path)
    assert found["processor"] == "Fast Processor 9000"
    assert found["features"] == "avx avx2 amx_int8"
    assert found["memory"] == "16.0 GiB"
    assert found["virtual"] == "yes"
    assert platform.release() in found["system"]


def test_what_the_system_does_not_tell_is_left_out(tmp_path: Path) -> None:
    found = facts.machine(tmp_path)
    assert found["processor"] == platform.machine()
    assert not {"memory", "features", "virtual"} & found.keys()
    assert "" not in found.values()


def test_cores_are_those_that_we_may_use() -> None:
    assert facts.machine()["cores"] == f"{len(os.sched_getaffinity(0))} of {os.cpu_count()}"


@pytest.mark.parametrize("name", ["python", "sticli", "llama-cpp-python", "numpy", "msgspec"])
def test_versions_of_what_runs_are_told(name: str) -> None:
    assert facts.versions()[name][0].isdigit()


def test_packages_that_are_missing_have_no_version() -> None:
    assert facts.versions(["sticli-no-such-package"]) == {"python": platform.python_version()}


def test_what_a_hypervisor_took_is_counted(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  10 0 5 80 1 0 1 3 7 0\ncpu0 1 2 3\n")
    assert facts.stolen(tmp_path) == (3, 100)


@pytest.mark.parametrize("text", ["", "cpu  10 0 5\n", "cpu a b c d e f g h\n"])
def test_who_does_not_tell_what_was_taken_took_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "stat").write_text(text)
    assert facts.stolen(tmp_path) == facts.stolen(tmp_path / "nowhere") == (0, 0)
