"""A GGUF file of random weights of a shape, for engines that read nothing else."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np
import torch

from sticli.bench.gpu import synthetic
from sticli.bench.gpu.shapes import Shape
from sticli.kernels import packing
from sticli.kernels.operands import Packed

LETTERS = 256  # of the vocabulary; the rest is filler that no text needs


@contextmanager
def written(shape: Shape, kind: str) -> Iterator[Path]:
    """Such a file, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="sticli-bench-") as folder:
        path = Path(folder) / f"{shape.name}-{kind}.gguf"
        writer = gguf.GGUFWriter(path, shape.architecture)
        _header(writer, shape)
        for name, rows, columns, layer in _tensors(shape):
            _add(
                writer,
                name,
                synthetic.kind_of(kind, _short(name), layer, shape.layers),
                rows,
                columns,
            )
        for name, size in _norms(shape):
            writer.add_tensor(name, np.ones(size, np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        yield path


def _short(name: str) -> str:
    return name.removesuffix(".weight").rsplit(".", 1)[-1]


def _header(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_context_length(1 << 17)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(500000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    words = [chr(0x100 + n) if n < LETTERS else f"<{n}>" for n in range(shape.vocabulary)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words)
    writer.add_token_types([int(gguf.TokenType.NORMAL)] * len(words))
    writer.add_token_merges([f"{words[0]} {words[1]}"])
    writer.add_eos_token_id(0)


def _tensors(shape: Shape) -> Iterator[tuple[str, int, int, int]]:
    """Every matrix: name, rows, columns, layer."""
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    yield "token_embd.weight", shape.vocabulary, shape.width, 0
    if not shape.tied:
        yield "output.weight", shape.vocabulary, shape.width, 0
    for layer in range(shape.layers):
        for name, rows, columns in (
            ("attn_q", queries, shape.width),
            ("attn_k", keys, shape.width),
            ("attn_v", keys, shape.width),
            ("attn_output", shape.width, queries),
            ("ffn_gate", shape.forward, shape.width),
            ("ffn_up", shape.forward, shape.width),
            ("ffn_down", shape.width, shape.forward),
        ):
            yield f"blk.{layer}.{name}.weight", rows, columns, layer


def _norms(shape: Shape) -> Iterator[tuple[str, int]]:
    yield "output_norm.weight", shape.width
    for layer in range(shape.layers):
        yield f"blk.{layer}.attn_norm.weight", shape.width
        yield f"blk.{layer}.ffn_norm.weight", shape.width
        if shape.architecture == "qwen3":
            yield f"blk.{layer}.attn_q_norm.weight", shape.head_size
            yield f"blk.{layer}.attn_k_norm.weight", shape.head_size


def _add(writer: gguf.GGUFWriter, name: str, kind: str, rows: int, columns: int) -> None:
    weight = synthetic.weight(kind, rows, columns, torch.device("cpu"))
    if isinstance(weight, Packed):
        raw = packing.unpack(weight).numpy()
        writer.add_tensor(name, raw, raw_dtype=gguf.GGMLQuantizationType[kind])
        return
    values = weight.values
    kinds = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
    kept = values.view(torch.uint8).numpy() if values.dtype == torch.bfloat16 else values.numpy()
    writer.add_tensor(name, kept, raw_dtype=gguf.GGMLQuantizationType[kinds[values.dtype]])
