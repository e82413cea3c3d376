"""The allocator is told, in a process of its own, and memory works on."""

import ctypes
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, resource, torch
ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: large pages would hide most faults
from sticli.demo.learning import heap
heap.keep()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    torch.ones(16 << 20)  # 64 MiB, which malloc by itself never keeps
def again():
    before = faults()
    for _ in range(8):
        torch.ones(16 << 20)
    return faults() - before
print(min(again() for _ in range(5)))  # the kernel takes pages away for reasons of its own
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="no glibc")
def test_a_block_that_comes_again_is_not_asked_of_the_kernel_again() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(told.stdout) < 8 * (64 << 20) // 4096 // 4
