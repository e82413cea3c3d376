"""Random small model files of every family that the GPU engine runs, in every type of tensor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import gguf
import numpy as np
from gguf import quants
from gguf.constants import GGMLQuantizationType
from numpy.typing import NDArray

from tests.kernels import blocks
from tests.tiny import add_vocabulary, vocabulary

PLAIN = ("F32", "F16", "BF16")
KINDS = (*PLAIN, *blocks.FLOATS)
Floats = NDArray[np.float32]
Rows = NDArray[np.uint8]


@dataclass(frozen=True)
class Shape:
    """What to write; the same shape gives the same bytes."""

    architecture: str
    seed: int = 1
    kinds: tuple[str, ...] = ("F32",)  # of matrices, in turn
    layers: int = 2
    width: int = 64
    forward: int = 96
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 16
    context: int = 4096
    tied: bool = False
    biases: tuple[str, ...] = ()  # of attn_q, attn_k, attn_v
    window: int = 0
    turned: int = 0  # dimensions, where not all
    factors: tuple[str, ...] = ()  # tensors that divide the speed of rotations
    values: dict[str, int | float | str] = field(default_factory=dict)  # more of the header
    plain: bool = False  # the same numbers, but all matrices stored as F32

    @property
    def gemma(self) -> bool:
        return self.architecture.startswith("gemma")

    def as_plain(self) -> "Shape":
        return replace(self, plain=True)


LLAMA = Shape("llama", values={"rope.scaling.factor": 4.0}, biases=("attn_q", "attn_k"))
FAMILIES = {
    "llama": LLAMA,
    "llama3": Shape("llama", tied=True, factors=("rope_freqs",), values={"rope.freq_base": 5e5}),
    "mistral": Shape("llama", heads=6, kv_heads=2, head_size=32),  # heads wider than the model
    "qwen2": Shape(
        "qwen2",
        biases=("attn_q", "attn_k", "attn_v"),
        values={
            "rope.scaling.type": "yarn",
            "rope.scaling.factor": 4.0,
            "rope.scaling.original_context_length": 32,
        },
    ),
    "qwen3": Shape("qwen3", tied=True, head_size=48, heads=3, kv_heads=1),
    "gemma2": Shape(
        "gemma2",
        window=40,
        tied=True,
        values={"attn_logit_softcapping": 4.0, "final_logit_softcapping": 0.5},
    ),
    "gemma3": Shape(
        "gemma3",
        layers=3,
        window=24,
        tied=True,
        values={
            "attention.sliding_window_pattern": 3,
            "rope.freq_base": 1e6,
            "rope.freq_base_swa": 500.0,
            "rope.scaling.factor": 8.0,
        },
    ),
    "phi3": Shape(
        "phi3",
        kv_heads=4,
        head_size=16,
        turned=12,
        factors=("rope_factors_long", "rope_factors_short"),
        values={
            "rope.scaling.type": "longrope",
            "rope.scaling.attn_factor": 1.19,
            "rope.scaling.original_context_length": 256,
        },
    ),
}


def write(path: Path, shape: Shape) -> Path:
    """Write a random model of a shape."""
    writer = gguf.GGUFWriter(path, shape.architecture)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_dimension_count(shape.turned or shape.head_size)
    writer.add_layer_norm_rms_eps(1e-5)
    if shape.window:
        writer.add_sliding_window(shape.window)
    for key, value in shape.values.items():
        _add(writer, f"{shape.architecture}.{key}", value)
    add_vocabulary(writer, None)
    for name, kind, data in tensors(shape):
        writer.add_tensor(name, data, raw_dtype=None if kind == "F32" else kind_of(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: gguf.GGUFWriter, key: str, value: int | float | str) -> None:
    if isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    else:
        writer.add_float32(key, value)


def kind_of(name: str) -> GGMLQuantizationType:
    return GGMLQuantizationType[name]


def tensors(shape: Shape) -> Iterator[tuple[str, str, Floats | Rows]]:
    """Name, type and data of every tensor: numbers of F32, else a file's bytes."""
    rng = np.random.default_rng(shape.seed)
    matrices = 0
    for name, size, gain in _names(shape):
        if len(size) == 1:
            yield name, "F32", (rng.normal(gain, 0.1, size)).astype(np.float32)
            continue
        kind = shape.kinds[matrices % len(shape.kinds)]
        matrices += 1
        data = matrix(kind, size[0], size[1], gain, rng)
        if shape.plain:
            yield name, "F32", quants.dequantize(data, kind_of(kind))
        else:
            yield name, kind, data if kind != "F32" else data.view(np.float32)


def matrix(kind: str, rows: int, columns: int, gain: float, rng: np.random.Generator) -> Rows:
    """Random rows of a type, of deviation gain / √columns."""
    deviation = gain / np.sqrt(columns)
    if kind in PLAIN:
        numbers = (rng.standard_normal((rows, columns)) * deviation).astype(np.float32)
        plain: Rows = quants.quantize(numbers, kind_of(kind)).view(np.uint8)
        return plain
    data = blocks.raw(kind, rows, columns, rng)
    factor = deviation / blocks.values(kind, data).std()
    size = gguf.GGML_QUANT_SIZES[kind_of(kind)][1]
    flat = data.reshape(-1, size)
    for at in blocks.FLOATS[kind]:
        scales = flat[:, at : at + 2].copy().view(np.float16) * np.float16(factor)
        flat[:, at : at + 2] = scales.view(np.uint8)
    return data


def _names(shape: Shape) -> Iterator[tuple[str, Sequence[int], float]]:
    """Name, size and gain (of vectors: mean) of every tensor."""
    # Where inputs are outputs too, large ones would make a model that repeats itself.
    gain = 0.3 if shape.gemma else 1.0 if shape.tied else 8.0
    yield "token_embd.weight", (len(vocabulary()), shape.width), gain
    pairs = (shape.turned or shape.head_size) // 2
    for number, name in enumerate(shape.factors):
        yield f"{name}.weight", (pairs,), 2.0 - number
    for layer in range(shape.layers):
        for name, size, gain in _layer(shape):
            yield f"blk.{layer}.{name}", size, gain
    yield "output_norm.weight", (shape.width,), 1.0
    if not shape.tied:
        yield "output.weight", (len(vocabulary()), shape.width), 4.0


def _layer(shape: Shape) -> Iterator[tuple[str, Sequence[int], float]]:
    width, size, forward = shape.width, shape.head_size, shape.forward
    queries, keys = shape.heads * size, shape.kv_heads * size
    phi = shape.architecture == "phi3"
    yield "attn_norm.weight", (width,), 1.0
    for name, rows in (("attn_q", queries), ("attn_k", keys), ("attn_v", keys)):
        if not phi:
            yield f"{name}.weight", (rows, width), 1.5
        if name in shape.biases:
            yield f"{name}.bias", (rows,), 0.2
    if phi:
        yield "attn_qkv.weight", (queries + 2 * keys, width), 1.5
    if shape.architecture in ("qwen3", "gemma3"):
        yield "attn_q_norm.weight", (size,), 1.2
        yield "attn_k_norm.weight", (size,), 1.2
    yield "attn_output.weight", (width, queries), 1.5
    yield "ffn_norm.weight", (width,), 1.0
    if not phi:
        yield "ffn_gate.weight", (forward, width), 1.5
    yield "ffn_up.weight", (forward * (2 if phi else 1), width), 1.5
    yield "ffn_down.weight", (width, forward), 1.5
    if shape.gemma:
        yield "post_attention_norm.weight", (width,), 1.0
        yield "post_ffw_norm.weight", (width,), 1.0
