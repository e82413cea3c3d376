"""The allocator of the C library, told to keep what is freed."""

import ctypes

# Of glibc's malloc.h: parameters of mallopt, and the values they get.
_KEEP = {-8: 1, -4: 0, -1: 2**31 - 1, -2: 2**28}  # arenas, blocks of their own, trimming, padding


def keep() -> None:
    """Freed blocks stay with the process: a training step asks for the same large ones again and
    again, and getting each from the kernel took a quarter of its time. One arena, because others
    hold no large blocks. Other C libraries do as they like.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for parameter, value in _KEEP.items():
            mallopt(parameter, value)
