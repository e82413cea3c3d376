"""Shapes of well-known models: all that a timing needs to know of one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides how many bytes and operations a pass costs."""

    name: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_size: int
    forward: int
    vocabulary: int
    architecture: str = "llama"
    tied: bool = False


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("llama-8b", 32, 4096, 32, 8, 128, 14336, 128256),
        Shape("qwen3-0.6b", 28, 1024, 16, 8, 128, 3072, 151936, "qwen3", tied=True),
        Shape("qwen3-4b", 36, 2560, 32, 8, 128, 9728, 151936, "qwen3", tied=True),
        Shape("qwen3-8b", 36, 4096, 32, 8, 128, 12288, 151936, "qwen3"),
        Shape("tiny", 2, 256, 4, 2, 64, 512, 300),
    )
}
