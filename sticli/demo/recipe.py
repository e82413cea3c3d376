"""The training recipe: which lengths are trained when, and with which learning rate."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """From `start` (a fraction of all steps) on: feeds per batch, their tokens, question room."""

    start: float
    sizes: tuple[tuple[int, int, int], ...]


STAGES = (
    Stage(0.0, ((16, 64, 256),)),
    Stage(0.1, ((12, 128, 256),)),
    Stage(0.2, ((8, 256, 320),)),
    Stage(0.5, ((8, 256, 320), (5, 512, 384))),
    Stage(0.75, ((12, 128, 256), (5, 512, 384), (4, 768, 448))),
)
PEAK, WARMUP, FINAL = 3e-3, 50, 0.02


def sizes(step: int, steps: int) -> tuple[int, int, int]:
    """Feeds, feed tokens and question room of a step; a stage cycles through its sizes."""
    stage = [stage for stage in STAGES if stage.start * steps <= step][-1]
    return stage.sizes[step % len(stage.sizes)]


def rate(step: int, steps: int) -> float:
    """The learning rate: a short warm-up, flat to half way, then a cosine down to FINAL."""
    if step < WARMUP:
        return PEAK * (step + 1) / WARMUP
    left = min(1.0, 2 * (1 - step / steps))
    return PEAK * (FINAL + (1 - FINAL) * (1 - math.cos(math.pi * left)) / 2)
