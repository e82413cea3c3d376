"""How long work takes on a device: calls captured in one graph on a GPU, a clock on a CPU."""

import statistics
import time
from collections.abc import Callable

import torch

from sticli.daemon.engines.gpu.graphs import Outcome, record

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

    def work() -> Outcome:
        for n in numbers:
            call(n)
        return ()

    total = _replayed(work) if on_gpu else statistics.median(waited(work, device))
    return total / len(numbers)


def _replayed(work: Callable[[], Outcome]) -> float:
    """The median time of a graph of the work, by the GPU's clock: launches cost next to nothing."""
    _, replay = record(work, torch.cuda.graph_pool_handle())
    times: list[float] = []
    for _ in range(WARM + REPEATS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1000)
    return statistics.median(times[WARM:])


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
