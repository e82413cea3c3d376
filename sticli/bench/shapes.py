"""Shapes of models: all that a timing needs to know of one, and which tensors its file has."""

from collections.abc import Iterator
from dataclasses import dataclass

from sticli.errors import SticliError

CONTEXT = 1 << 17  # tokens that a model of any shape is made for


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
        Shape("tiny", 2, 256, 4, 2, 64, 512, 3072),
        Shape(
            "feed-4m", 5, 256, 4, 4, 64, 512, 2778
        ),  # the embedded model's first five layers, without biases
        Shape("small-24m", 8, 512, 8, 4, 64, 1280, 4096, tied=True),
        Shape("small-125m", 12, 768, 12, 4, 64, 2048, 32000),
        Shape("llama-8b", 32, 4096, 32, 8, 128, 14336, 128256),
        Shape("qwen3-0.6b", 28, 1024, 16, 8, 128, 3072, 151936, "qwen3", tied=True),
        Shape("qwen3-4b", 36, 2560, 32, 8, 128, 9728, 151936, "qwen3", tied=True),
        Shape("qwen3-8b", 36, 4096, 32, 8, 128, 12288, 151936, "qwen3"),
    )
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix of a file; `part` is what it does in its layer, as `attn_q`."""

    name: str
    part: str
    rows: int
    columns: int
    layer: int


def named(name: str) -> Shape:
    """The shape of this name.

    Raises:
        SticliError: there is none.
    """
    if name not in SHAPES:
        raise SticliError("bad_request", f"no shape {name!r}", f"known: {', '.join(SHAPES)}")
    return SHAPES[name]


def matrices(shape: Shape) -> Iterator[Matrix]:
    """Every matrix, in the order of the file."""
    yield Matrix("token_embd.weight", "token_embd", shape.vocabulary, shape.width, 0)
    if not shape.tied:
        yield Matrix("output.weight", "output", shape.vocabulary, shape.width, 0)
    for layer in range(shape.layers):
        for part, rows, columns in _layer(shape):
            yield Matrix(f"blk.{layer}.{part}.weight", part, rows, columns, layer)


def _layer(shape: Shape) -> tuple[tuple[str, int, int], ...]:
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    return (
        ("attn_q", queries, shape.width),
        ("attn_k", keys, shape.width),
        ("attn_v", keys, shape.width),
        ("attn_output", shape.width, queries),
        ("ffn_gate", shape.forward, shape.width),
        ("ffn_up", shape.forward, shape.width),
        ("ffn_down", shape.width, shape.forward),
    )


def norms(shape: Shape) -> Iterator[tuple[str, int]]:
    """Every vector: its name and size."""
    yield "output_norm.weight", shape.width
    for layer in range(shape.layers):
        yield f"blk.{layer}.attn_norm.weight", shape.width
        yield f"blk.{layer}.ffn_norm.weight", shape.width
        if shape.architecture == "qwen3":
            yield f"blk.{layer}.attn_q_norm.weight", shape.head_size
            yield f"blk.{layer}.attn_k_norm.weight", shape.head_size
