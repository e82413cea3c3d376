"""Tables of rotations by position, for every way in which a context is stretched."""

import math

import torch
from torch import Tensor

from sticli.kernels.operands import Rope
from sticli.models.hparams import Rotation

_FAST, _SLOW = 32.0, 1.0  # turns within the original context: YaRN stretches what turns less
_LEAST, _MOST = 8192, 1 << 20  # positions of a table


def rope(rotation: Rotation, factors: Tensor | None, context: int, device: torch.device) -> Rope:
    """Rotations of every position of a context.

    `factors`, one a pair, divide its speed (Llama 3, LongRoPE).
    """
    # A sequence may outgrow the context that a model was trained for, as on llama.cpp.
    places = torch.arange(min(max(context, _LEAST), _MOST), dtype=torch.float64, device=device)
    slabs = [  # of few positions each, for angles have 64 bits
        _turned(rotation, factors, slab, rotation.magnitude) for slab in places.split(1 << 16)
    ]
    cos, sin = torch.cat([slab.cos for slab in slabs]), torch.cat([slab.sin for slab in slabs])
    return Rope(cos, sin, rotation.interleaved)


def back(rotation: Rotation, factors: Tensor | None, count: int, device: torch.device) -> Rope:
    """The one rotation that takes a key `count` positions back."""
    place = torch.full((1,), -count, dtype=torch.float64, device=device)
    return _turned(rotation, factors, place, 1.0)


def _turned(rotation: Rotation, factors: Tensor | None, places: Tensor, magnitude: float) -> Rope:
    angles = places[:, None] * _speeds(rotation, factors).to(places.device)
    cos, sin = ((function(angles) * magnitude).float() for function in (torch.cos, torch.sin))
    return Rope(cos, sin, rotation.interleaved)


def _speeds(rotation: Rotation, factors: Tensor | None) -> Tensor:
    """Radians a position of every pair: f64 [dimensions / 2]."""
    pairs = torch.arange(rotation.dimensions // 2, dtype=torch.float64)
    speeds = rotation.base ** (-2 * pairs / rotation.dimensions)
    if factors is not None:
        speeds = speeds / factors.double().cpu()
    if rotation.kind != "yarn":
        return speeds * rotation.scale
    low, high = (math.floor(_pair(rotation, _FAST)), math.ceil(_pair(rotation, _SLOW)))
    low, high = max(0, low), min(rotation.dimensions - 1, high)
    slow = ((pairs - low) / max(0.001, high - low)).clamp(0, 1)
    return speeds * (rotation.scale * slow + (1 - slow))


def _pair(rotation: Rotation, turns: float) -> float:
    """The pair that turns so often within the original context."""
    speed = math.log(rotation.original / (turns * 2 * math.pi))
    return rotation.dimensions * speed / (2 * math.log(rotation.base))
