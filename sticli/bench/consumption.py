"""What processes take while they work: CPU time and memory; of the GPUs time, energy, memory."""

import threading
import time
from collections.abc import Sequence

from sticli.bench.report import Usage
from sticli.machine import gpus
from sticli.machine.energy import drawn, energy
from sticli.machine.gpus import Gpus
from sticli.machine.processes import cpu, resident, tree

EVERY = 0.1  # seconds between two looks at how busy the GPUs are


class Meter:
    """Counts from when it is made until `usage`, for `roots` and the processes they start.

    Engines that run within the bench share its process with each other and with the player: their
    CPU time contains the player's, and their memory is that of all of them. What the bench itself
    starts is then not counted, since those are other engines.
    """

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = list(roots)
        self._gpus = gpus.found()
        seen = self._gpus if self._gpus and self._gpus.busy() is not None else None
        self._busy = _Busy(seen) if seen else None
        self._energy = energy(self._gpus)
        self._cpu = cpu(self._roots)
        self._begin = time.perf_counter()

    def usage(self) -> Usage:
        """What was taken; ends the meter."""
        wall = time.perf_counter() - self._begin
        spent = cpu(self._roots)
        return Usage(
            wall,
            None if spent is None or self._cpu is None else max(0.0, spent - self._cpu),
            resident(self._roots),
            self._busy.seconds() if self._busy else None,
            drawn(self._energy, energy(self._gpus)),
            self._gpus.held(tree(self._roots)) if self._gpus else None,
        )


class _Busy:
    """Adds up how busy the GPUs are, in a thread: the driver keeps no sum."""

    def __init__(self, counted: Gpus) -> None:
        self._gpus = counted
        self._sum = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def seconds(self) -> float:
        """The sum; ends the thread."""
        self._stop.set()
        self._thread.join()
        return self._sum

    def _look(self) -> None:
        last = time.perf_counter()
        while not self._stop.wait(EVERY):
            now = time.perf_counter()
            self._sum += (self._gpus.busy() or 0.0) * (now - last)
            last = now
