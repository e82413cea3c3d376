"""Cores are counted once, hardware threads of one core are not."""

from sticli.daemon.engines import machine

TWO_THREADS_A_CORE = "\n\n".join(
    f"processor\t: {index}\nmodel name\t: A Processor @ 2 GHz\nphysical id\t: 0\n"
    f"core id\t\t: {index // 2}\n"
    for index in range(2)
)


def test_hardware_threads_share_a_core() -> None:
    assert machine.physical_cores(TWO_THREADS_A_CORE) == 1
    assert machine.cpu_name(TWO_THREADS_A_CORE) == "A Processor @ 2 GHz"


def test_matrix_units() -> None:
    assert machine.has_amx("processor: 0\nflags\t\t: fpu amx_bf16 amx_int8\n")
    assert not machine.has_amx("processor: 0\nflags\t\t: fpu avx2\n")


def test_without_information() -> None:
    assert machine.physical_cores("") >= 1
    assert machine.cpu_name("") != ""


def test_thread_counts_fall_to_one() -> None:
    counts = machine.thread_counts()
    assert counts[0] == machine.physical_cores()
    assert counts[-1] == 1
    assert counts == sorted(set(counts), reverse=True)
