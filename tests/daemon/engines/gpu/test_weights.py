"""Weights from files: their values are the file's, and files that do not fit are refused."""

import contextlib
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from gguf import quants
from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.engines.gpu import weights
from sticli.daemon.engines.gpu.weights import Layer, Weights
from sticli.errors import SticliError
from sticli.kernels.operands import Dense, Packed, Weight
from sticli.kernels.reference import dequantise
from sticli.models import hparams
from sticli.models.header import read_header
from tests.families import FAMILIES, KINDS, PLAIN, Shape, kind_of, tensors, write

BLOCKS = {"width": 256, "forward": 256, "head_size": 64, "layers": 1}
CPU = torch.device("cpu")
HEAD = 8000  # bytes of a small model that hold its header and tensor table


def load(path: Path, *, packed: bool = False) -> Weights:
    header = read_header(path)
    shape = hparams.read(header, path)
    quiet = lambda done, total: None  # noqa: E731
    return weights.load(path, header, shape, CPU, torch.float32, quiet, packed=packed)


def refused(path: Path) -> str:
    with pytest.raises(SticliError) as caught:
        load(path)
    assert caught.value.code == "model"
    assert "\n" not in caught.value.message
    assert "llama.cpp" in (caught.value.hint or "")
    return caught.value.message


def values(shape: Shape) -> dict[str, torch.Tensor]:
    """What the tensors of a file mean, by the gguf package."""
    return {
        name: torch.from_numpy(quants.dequantize(data.view(np.uint8), kind_of(kind)))
        if data.ndim > 1
        else torch.from_numpy(data)
        for name, kind, data in tensors(shape)
    }


def stacked(parts: tuple[Weight, ...]) -> torch.Tensor:
    return torch.cat([dequantise(part) for part in parts])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_type(kind: str, packed: bool, tmp_path: Path) -> None:
    shape = replace(FAMILIES["llama"], kinds=(kind,), **BLOCKS)
    loaded = load(write(tmp_path / "model.gguf", shape), packed=packed)
    wanted, layer = values(shape), loaded.layers[0]
    expected = Packed if packed and kind not in PLAIN else Dense
    assert [type(part) for part in layer.qkv] == [expected]  # one kind is one product
    assert isinstance(loaded.embedding, expected)
    names = [f"blk.0.attn_{part}.weight" for part in "qkv"]
    torch.testing.assert_close(stacked(layer.qkv), torch.cat([wanted[name] for name in names]))
    torch.testing.assert_close(stacked(loaded.head), wanted["output.weight"])
    both = torch.cat([wanted["blk.0.ffn_gate.weight"], wanted["blk.0.ffn_up.weight"]])
    torch.testing.assert_close(stacked(layer.up), both)


def test_types_that_differ_stay_apart(tmp_path: Path) -> None:
    kinds = ("Q4_K", "Q4_K", "Q4_K", "Q6_K")  # the fourth matrix is that of values
    shape = replace(FAMILIES["llama"], kinds=kinds, **BLOCKS)
    layer = load(write(tmp_path / "model.gguf", shape), packed=True).layers[0]
    assert [part.rows for part in layer.qkv] == [256 + 128, 128]


@pytest.mark.parametrize("name", FAMILIES)
def test_vectors(name: str, tmp_path: Path) -> None:
    shape = FAMILIES[name]
    loaded, wanted = load(write(tmp_path / "model.gguf", shape)), values(shape)
    assert torch.equal(loaded.norm, wanted["output_norm.weight"])
    assert (loaded.head[0] is loaded.embedding) == shape.tied
    for number, layer in enumerate(loaded.layers):
        check_vectors(layer, f"blk.{number}.", wanted)
    factors = [wanted[f"{factor}.weight"] for factor in shape.factors]
    assert (loaded.factors is None) == (not factors)
    if loaded.factors is not None:
        assert torch.equal(loaded.factors, factors[0])


def check_vectors(layer: Layer, name: str, wanted: dict[str, torch.Tensor]) -> None:
    assert torch.equal(layer.attention_norm, wanted[f"{name}attn_norm.weight"])
    assert torch.equal(layer.forward_norm, wanted[f"{name}ffn_norm.weight"])
    found = {
        "attn_q_norm": layer.head_norms and layer.head_norms[0],
        "attn_k_norm": layer.head_norms and layer.head_norms[1],
        "post_attention_norm": layer.after_attention,
        "post_ffw_norm": layer.after_forward,
    }
    for part, vector in found.items():
        assert (vector is None) == (f"{name}{part}.weight" not in wanted)
        assert vector is None or torch.equal(vector, wanted[f"{name}{part}.weight"])


def test_missing_biases_are_zero(tmp_path: Path) -> None:
    shape = FAMILIES["llama"]
    wanted = values(shape)
    bias = load(write(tmp_path / "model.gguf", shape)).layers[0].bias
    assert bias is not None
    queries, keys, rest = bias.split([64, 32, 32])
    assert torch.equal(queries, wanted["blk.0.attn_q.bias"])
    assert torch.equal(keys, wanted["blk.0.attn_k.bias"])
    assert not rest.any()


def test_short_contexts_take_the_short_factors(tmp_path: Path) -> None:
    shape = replace(FAMILIES["phi3"], context=256)
    factors = load(write(tmp_path / "model.gguf", shape)).factors
    assert factors is not None
    assert torch.equal(factors, values(shape)["rope_factors_short.weight"])


@pytest.mark.parametrize(
    ("architecture", "kinds", "wanted"),
    [
        ("llama", ("Q4_K", "Q6_K"), torch.float16),
        ("llama", ("F16", "F32"), torch.float16),
        ("llama", ("BF16",), torch.bfloat16),
        ("qwen3", ("Q4_K",), torch.bfloat16),
        ("gemma3", ("Q8_0",), torch.bfloat16),
    ],
)
def test_the_half_type(
    architecture: str, kinds: tuple[str, ...], wanted: torch.dtype, tmp_path: Path
) -> None:
    shape = replace(FAMILIES["llama"], architecture=architecture, kinds=kinds, **BLOCKS)
    header = read_header(write(tmp_path / "model.gguf", shape))
    assert weights.half(header, architecture) == wanted


def test_progress(tmp_path: Path) -> None:
    path = write(tmp_path / "model.gguf", FAMILIES["qwen3"])
    header, seen = read_header(path), []
    shape = hparams.read(header, path)
    weights.load(
        path,
        header,
        shape,
        CPU,
        torch.float32,
        lambda done, total: seen.append((done, total)),
        packed=False,
    )
    size = sum(item.size for item in header.tensors.values())
    assert len(seen) == len(header.tensors)
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


def rewritten(path: Path, change: dict[str, tuple[str, np.ndarray] | None]) -> Path:
    """A model with some tensors put in, replaced, or (None) left out."""
    shape = FAMILIES["llama"]
    writer = gguf.GGUFWriter(path, "llama")
    whole = gguf.GGUFReader(write(path.with_suffix(".whole"), shape))
    for field in whole.fields.values():
        if not field.name.startswith(("GGUF.", "general.")):
            kind = field.types[0]
            part = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(field.name, field.contents(), kind, part)
    found = {tensor.name: ("F32", tensor.data) for tensor in whole.tensors}
    for name, entry in (found | change).items():
        if entry is not None:
            kind, data = entry
            writer.add_tensor(name, data, raw_dtype=None if kind == "F32" else kind_of(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


ONES = np.ones(64, np.float32)


@pytest.mark.parametrize(
    ("name", "entry", "why"),
    [
        ("output_norm.weight", None, "lacks output_norm.weight"),
        ("blk.1.ffn_down.weight", None, "lacks blk.1.ffn_down.weight"),
        ("output_norm.weight", ("F32", np.ones(32, np.float32)), "of shape (32,), (64,) belongs"),
        ("blk.0.attn_q.weight", ("F32", np.ones((64, 32), np.float32)), "of shape (64, 32)"),
        ("blk.0.attn_output.bias", ("F32", ONES), "holds blk.0.attn_output.bias"),
        ("blk.0.ffn_gate_inp.weight", ("F32", ONES), "holds blk.0.ffn_gate_inp.weight"),
        ("blk.0.attn_k.bias", ("F32", ONES), "of shape (64,)"),
        (
            "blk.0.attn_q.weight",
            ("IQ4_NL", np.zeros((64, 36), np.uint8)),
            "attn_q.weight is of type IQ4_NL; F32, F16",
        ),
        ("output_norm.weight", ("Q8_0", np.zeros(68, np.uint8)), "output_norm.weight is of type"),
    ],
)
def test_what_is_refused(
    name: str, entry: tuple[str, np.ndarray] | None, why: str, tmp_path: Path
) -> None:
    assert why in refused(rewritten(tmp_path / "model.gguf", {name: entry}))


def test_rows_that_end_inside_a_block(tmp_path: Path) -> None:
    """All of the matrix is whole blocks, but none of its rows is."""
    path = write(tmp_path / "model.gguf", FAMILIES["mistral"])
    content = bytearray(path.read_bytes())
    name = b"blk.0.attn_output.weight"  # rows of 192: no multiple of 256
    at = content.index(name) + len(name) + 4 + 2 * 8
    content[at : at + 4] = int(kind_of("Q4_K")).to_bytes(4, "little")
    path.write_bytes(content)
    assert "rows of 192, Q4_K packs 256 together" in refused(path)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = write(tmp_path_factory.mktemp("fuzz") / "model.gguf", FAMILIES["gemma3"])
    data = path.read_bytes()
    assert HEAD / 2 < data.index(b"output_norm.weight") < HEAD
    return path, data


@given(
    edits=st.lists(
        st.tuples(st.integers(0, HEAD), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4
    )
)
def test_any_damage_is_refused_or_harmless(
    content: tuple[Path, bytes], edits: list[tuple[int, bytes]]
) -> None:
    path, whole = content
    data = bytearray(whole)
    for at, value in edits:
        data[at : at + len(value)] = value
    path.write_bytes(data)
    with contextlib.suppress(SticliError):
        load(path)
