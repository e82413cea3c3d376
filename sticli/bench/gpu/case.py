"""One thing to time: ours, the same in torch, and the least it can cost."""

from dataclasses import dataclass

import torch

from sticli.bench.gpu.ceilings import Ceilings
from sticli.bench.gpu.stopwatch import Call, seconds


@dataclass(frozen=True, slots=True)
class Case:
    """Calls that take the number of an input; bytes read and written once, and operations."""

    name: str
    size: float
    operations: float
    ours: Call
    theirs: Call | None = None
    inputs: int = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """What one case took."""

    name: str
    seconds: float
    floor: float
    theirs: float | None

    @property
    def share(self) -> float:
        """The part of the device's best that was reached."""
        return self.floor / self.seconds

    @property
    def gain(self) -> float | None:
        """How many times as fast as torch."""
        return self.theirs / self.seconds if self.theirs else None


def time(case: Case, ceilings: Ceilings, device: torch.device) -> Timing:
    """Measure a case."""
    ours = seconds(case.ours, case.inputs, device)
    theirs = seconds(case.theirs, case.inputs, device) if case.theirs else None
    return Timing(case.name, ours, ceilings.floor(case.size, case.operations), theirs)
