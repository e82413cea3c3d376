"""The training recipe: which lengths are trained when, and with which learning rate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """From `start` (a fraction of all steps) on: feeds per batch, their tokens, question room."""

    start: float
    sizes: tuple[tuple[int, int, int], ...]


STAGES = (
    Stage(0.0, ((32, 128, 224),)),
    Stage(0.08, ((24, 192, 256),)),
    Stage(0.18, ((12, 512, 384), (24, 192, 256))),
    Stage(0.4, ((8, 1024, 512), (16, 320, 320))),
    Stage(0.7, ((4, 2048, 768), (8, 1024, 512), (16, 320, 320))),
    Stage(0.9, ((2, 4096, 1024), (16, 256, 320), (1, 8192, 1024), (4, 2048, 768))),
)
PEAK, WARMUP, FINAL = 2.5e-3, 50, 0.02


def sizes(step: int, steps: int) -> tuple[int, int, int]:
    """Feeds, feed tokens and question room of a step; a stage cycles through its sizes."""
    stage = [stage for stage in STAGES if stage.start * steps <= step][-1]
    return stage.sizes[step % len(stage.sizes)]


def rate(step: int, steps: int) -> float:
    """The learning rate: a short warm-up, then straight down to FINAL of PEAK."""
    return PEAK * min(1.0, (step + 1) / WARMUP) * max(FINAL, 1 - step / steps)
