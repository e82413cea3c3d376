"""How long work takes on a device: calls captured in one graph on a GPU, a clock on a CPU."""

import statistics
import time
from collections.abc import Callable

import torch

WARM = 3
REPEATS = 20
LEAST = 8  # calls in a graph, so that starting it hardly counts
CACHE = 128 << 20  # bytes that no cache of a GPU holds: inputs must add up to more
Call = Callable[[int], object]  # one call on the inputs of that number


def copies(size: int, device: torch.device) -> int:
    """How many inputs of `size` bytes to go round among, so that none is found in a cache."""
    return max(1, min(64, -(-CACHE // max(size, 1)))) if device.type == "cuda" else 1


def seconds(call: Call, inputs: int, device: torch.device) -> float:
    """The median time of one call, of several in a row that go round among the inputs."""
    on_gpu = device.type == "cuda"
    rounds = max(1, LEAST // inputs) if on_gpu else 1
    numbers = [n for _ in range(rounds) for n in range(inputs)]

    def work() -> None:
        for n in numbers:
            call(n)

    return (_replayed(work) if on_gpu else _timed(work, 2)) / len(numbers)


def _replayed(work: Callable[[], object]) -> float:
    """The median time of a graph of the work: launches cost next to nothing in it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return evented(graph.replay)


def evented(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median time of work on the GPU, by its own clock."""
    times: list[float] = []
    for _ in range(WARM + repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        work()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1000)
    return statistics.median(times[WARM:])


def _timed(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(1 + repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


def waited(work: Callable[[], object], device: torch.device, repeats: int = REPEATS) -> list[float]:
    """Times of whole calls as their caller sees them, host and device together."""
    on_gpu = device.type == "cuda"
    warm, repeats = (WARM, repeats) if on_gpu else (1, 1)
    times = []
    for _ in range(warm + repeats):
        begin = time.perf_counter()
        work()
        if on_gpu:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return times[warm:]
