"""Where 16 bits are worth it."""

import torch


def has_half(device: str) -> bool:
    """Whether products of 16 bits are quicker there than of 32: on a CPU without AVX-512 they take
    many times as long.
    """
    return device != "cpu" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")
