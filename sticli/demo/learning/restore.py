"""Reads an exported model back into torch, to train it further."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGUFReader

from sticli.demo.learning import vocabulary
from sticli.demo.learning.export import tensor_name
from sticli.demo.learning.model import Model, Shape
from sticli.errors import SticliError


def restore(path: Path) -> Model:
    """The model in a file, its matrices as exact as Q8_0 kept them.

    Raises:
        SticliError: model: the file holds no such model, or one of another vocabulary.
    """
    reader = GGUFReader(path)
    if list(_field(reader, path, "tokenizer.ggml.tokens")) != vocabulary.TOKENS:
        raise _other(path)
    model = Model(_shape(reader, path))
    names = {tensor_name(name): parameter for name, parameter in model.named_parameters()}
    found = {one.name: one for one in reader.tensors}
    if {name: tuple(p.shape) for name, p in names.items()} != {
        name: tuple(int(size) for size in reversed(one.shape)) for name, one in found.items()
    }:
        raise _other(path)
    with torch.no_grad():
        for name, parameter in names.items():
            one = found[name]
            values = gguf.quants.dequantize(one.data, one.tensor_type)
            parameter.copy_(torch.from_numpy(np.array(values, np.float32)))
    return model


def _shape(reader: GGUFReader, path: Path) -> Shape:
    width, layers, heads, hidden = (
        int(_field(reader, path, f"llama.{key}"))
        for key in (
            "embedding_length", "block_count", "attention.head_count", "feed_forward_length",
        )
    )  # fmt: skip
    base, epsilon = (
        float(f"{_field(reader, path, f'llama.{key}'):.6g}")  # a file keeps 32 bits
        for key in ("rope.freq_base", "attention.layer_norm_rms_epsilon")
    )
    return Shape(len(vocabulary.TOKENS), width, layers, heads, hidden, base, epsilon)


def _field(reader: GGUFReader, path: Path, key: str) -> Any:
    field = reader.fields.get(key)
    if field is None:
        raise _other(path)
    return field.contents()


def _other(path: Path) -> SticliError:
    return SticliError(
        "model",
        f"{path} is no embedded model of this version's vocabulary",
        "train with `--from scratch`",
    )
