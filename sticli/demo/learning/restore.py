"""Reads an exported model back into torch, to train it further."""

from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGUFReader

from sticli.demo.learning import vocabulary
from sticli.demo.learning.export import tensor_name
from sticli.demo.learning.model import Model, Shape
from sticli.errors import SticliError


def restore(path: Path, shape: Shape) -> Model:
    """The model in a file, its matrices as exact as Q8_0 kept them.

    Raises:
        SticliError: model: the file holds a model of another shape or vocabulary.
    """
    reader, model = GGUFReader(path), Model(shape)
    names = {tensor_name(name): parameter for name, parameter in model.named_parameters()}
    found = {one.name: one for one in reader.tensors}
    if list(reader.fields["tokenizer.ggml.tokens"].contents()) != vocabulary.TOKENS:
        raise _other(path)
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


def _other(path: Path) -> SticliError:
    return SticliError(
        "model",
        f"{path} is no model of this version's shape and vocabulary",
        "train with `--from scratch`",
    )
