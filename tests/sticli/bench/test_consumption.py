"""What is counted is what processes really take; bounds hold on a machine of any speed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from sticli.bench.consumption import Meter
from sticli.machine import processes

BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"
BURNT = 0.15  # seconds of CPU time


def burn() -> None:
    end = time.process_time() + BURNT
    while time.process_time() < end:
        pass


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """A process that burns CPU in a child, says so when the child has ended, and waits."""
    child = f"subprocess.run([sys.executable, '-S', '-c', {BURN.format(seconds=BURNT)!r}])"
    code = f"import subprocess, sys; input(); {child}; print('burnt', flush=True); input()"
    command = [sys.executable, "-S", "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.kill()


def test_cpu_time_of_the_bench_itself_is_exact() -> None:
    begin = time.process_time()
    meter = Meter([os.getpid()])
    burn()
    usage = meter.usage()
    assert usage.cpu_s is not None
    assert BURNT <= usage.cpu_s <= time.process_time() - begin
    assert usage.wall_s > 0


def test_a_child_that_has_ended_is_counted(parent: subprocess.Popen[str]) -> None:
    assert parent.stdin
    assert parent.stdout
    meter = Meter([parent.pid])
    parent.stdin.write("go\n")
    parent.stdin.flush()
    assert parent.stdout.readline() == "burnt\n"
    usage = meter.usage()
    assert usage.cpu_s is not None
    assert usage.cpu_s >= BURNT - 2 * processes.TICK
    assert usage.resident is not None
    assert usage.resident > 2**20


def test_what_the_bench_starts_is_not_the_bench(parent: subprocess.Popen[str]) -> None:
    own, other = os.getpid(), parent.pid
    assert processes.tree([own]) == [own]
    assert sorted(processes.tree([own, other])) == sorted([own, other])


def test_what_a_process_starts_is_counted_with_it() -> None:
    child = "subprocess.Popen([sys.executable, '-S', '-c', 'input()'])"
    code = f"import subprocess, sys; print({child}.pid, flush=True); input()"
    pipe = subprocess.PIPE
    command = [sys.executable, "-S", "-c", code]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        child_id = int(process.stdout.readline())
        assert processes.tree([process.pid]) == [process.pid, child_id]
        process.stdin.write("\n\n")  # one line for each


def test_a_process_counts_once(parent: subprocess.Popen[str]) -> None:
    assert processes.tree([parent.pid, parent.pid]) == [parent.pid]


def test_nobody_knows_the_processes_of_a_stranger() -> None:
    usage = Meter([]).usage()
    assert (usage.cpu_s, usage.resident) == (None, None)


def test_a_process_that_is_gone_takes_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    meter = Meter([process.pid])
    process.wait()
    usage = meter.usage()
    assert (usage.cpu_s, usage.resident) == (0.0, 0)
