"""GGUF files of random weights of a shape, kept in the cache: for timings at any size.

They have the embedded model's tokeniser and chat template, with filler for the rest of the words.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from sticli import paths
from sticli.bench import kinds, shapes
from sticli.bench.kinds import Bytes
from sticli.bench.shapes import Matrix, Shape
from sticli.errors import SticliError, refused
from sticli.models.find import embedded_model

USUAL = "Q8_0"
EDITION = 1  # one more when a file of the same name, kind and seed gets other bytes


def model(name: str, kind: str, seed: int, folder: Path | None = None) -> Path:
    """The file of a shape, a kind of weights and a seed; written if it is not in the folder yet.

    Without a folder it is one in the user's cache; without a kind it is Q8_0.

    Raises:
        SticliError: shape or kind is unknown, or the file cannot be written.
    """
    shape, kind = shapes.named(name), kind or USUAL
    if kind not in kinds.KINDS:
        known = ", ".join(kinds.KINDS)
        raise SticliError("bad_request", f"no kind of weights {kind!r}", f"known: {known}")
    folder = folder or paths.resolve().cache / "shapes"
    path = folder / f"{name}-{kind}-{seed}-e{EDITION}.gguf"
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _aside(path) as unfinished:
                _write(unfinished, shape, kind, seed)
    except OSError as error:
        raise refused(error, path) from None
    return path


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its name at the end, or is gone if that is not reached."""
    handle, name = tempfile.mkstemp(prefix=f"{path.stem}-", suffix=".part", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _write(path: Path, shape: Shape, kind: str, seed: int) -> None:
    writer = gguf.GGUFWriter(path, shape.architecture)
    try:
        _header(writer, shape, kind, seed)
        mute = _vocabulary(writer, shape.vocabulary)
        _tensors(writer, shape, kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in _values(shape, kind, seed, mute):
            writer.write_tensor_data(tensor)
    finally:
        writer.close()


def _header(writer: gguf.GGUFWriter, shape: Shape, kind: str, seed: int) -> None:
    writer.add_name(f"{shape.name}-{kind}")
    writer.add_description(f"Random weights, seed {seed}: for timings, its answers mean nothing.")
    writer.add_context_length(shapes.CONTEXT)
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
    writer.add_vocab_size(shape.vocabulary)
    near = (f"ALL_{kind}", f"MOSTLY_{kind}", f"MOSTLY_{kind}_S")  # the names of file types
    writer.add_file_type(next(one for one in gguf.LlamaFileType if one.name in near))


def _vocabulary(writer: gguf.GGUFWriter, size: int) -> list[int]:
    """Write the tokeniser and the template; the ids of control tokens, which no answer may hold."""
    fields = gguf.GGUFReader(embedded_model()).fields
    words: list[str] = fields["tokenizer.ggml.tokens"].contents()
    types: list[int] = fields["tokenizer.ggml.token_type"].contents()
    filler = range(len(words), size)
    writer.add_tokenizer_model(fields["tokenizer.ggml.model"].contents())
    writer.add_tokenizer_pre(fields["tokenizer.ggml.pre"].contents())
    writer.add_token_list([*words, *(f"<{n}>" for n in filler)])
    writer.add_token_types([*types, *(int(gguf.TokenType.NORMAL) for _ in filler)])
    writer.add_token_merges(fields["tokenizer.ggml.merges"].contents())
    writer.add_bos_token_id(fields["tokenizer.ggml.bos_token_id"].contents())
    writer.add_eos_token_id(fields["tokenizer.ggml.eos_token_id"].contents())
    writer.add_add_bos_token(fields["tokenizer.ggml.add_bos_token"].contents())
    writer.add_chat_template(fields["tokenizer.chat_template"].contents())
    return [n for n, type in enumerate(types) if type == gguf.TokenType.CONTROL]


def _tensors(writer: gguf.GGUFWriter, shape: Shape, kind: str) -> None:
    """Announce every tensor: values follow one by one, for not all may fit into memory."""
    for one in shapes.matrices(shape):
        stored = _stored(one, shape, kind)
        across, size = gguf.GGML_QUANT_SIZES[stored]
        bytes = one.columns // across * size
        writer.add_tensor_info(
            one.name, (one.rows, bytes), np.dtype(np.uint8), one.rows * bytes, stored
        )
    for name, count in shapes.norms(shape):
        writer.add_tensor_info(name, (count,), np.dtype(np.float32), 4 * count)


def _values(
    shape: Shape, kind: str, seed: int, mute: list[int]
) -> Iterator[Bytes | NDArray[np.float32]]:
    """Every tensor; tokens in `mute` get zeros, so that others are likelier: no answer ends early.

    All bits zero is the value zero in every kind.
    """
    rng = np.random.Generator(np.random.SFC64(seed))
    for one in shapes.matrices(shape):
        values = kinds.matrix(_stored(one, shape, kind).name, one.rows, one.columns, rng)
        if one.part in ("token_embd", "output"):
            values[mute] = 0
        yield values
    for _, count in shapes.norms(shape):
        yield np.ones(count, np.float32)


def _stored(one: Matrix, shape: Shape, kind: str) -> gguf.GGMLQuantizationType:
    """How a matrix is kept in the file of a model of a kind."""
    chosen = kinds.kind_of(kind, one.part, one.layer, shape.layers)
    return gguf.GGMLQuantizationType[chosen]
