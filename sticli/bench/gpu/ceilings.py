"""What the device can do at best: bytes a second of a copy, operations a second of a product."""

from dataclasses import dataclass

import torch

from sticli.bench.gpu.stopwatch import seconds


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Rates measured in this run."""

    copy: float  # bytes read and written a second
    product: float  # floating-point operations a second

    def floor(self, size: float, operations: float = 0.0) -> float:
        """The least seconds for so many bytes and operations."""
        return max(size / self.copy, operations / self.product)


def measure(device: torch.device, dtype: torch.dtype) -> Ceilings:
    """Measure both, on random data."""
    large = device.type == "cuda"
    return Ceilings(
        copy=_copied(1 << 30 if large else 1 << 24, device),
        product=_multiplied(8192 if large else 256, device, dtype),
    )


def _copied(size: int, device: torch.device) -> float:
    source = torch.randint(0, 256, (size,), dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * size / seconds(lambda _: target.copy_(source), 1, device)


def _multiplied(edge: int, device: torch.device, dtype: torch.dtype) -> float:
    a, b = (torch.randn(edge, edge, device=device, dtype=dtype) for _ in range(2))
    out = torch.empty_like(a)
    return 2 * edge**3 / seconds(lambda _: torch.mm(a, b, out=out), 1, device)
