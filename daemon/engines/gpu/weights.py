"""A model's weights on a device: read from the file, repacked, and joined for fewer products."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from gguf import quants
from gguf.constants import GGMLQuantizationType
from torch import Tensor

from sticli.daemon.engines.base import Progress
from sticli.daemon.engines.gpu.tensors import NUMBERS, Raw, Tensors
from sticli.kernels import packing
from sticli.kernels.formats import FORMATS
from sticli.kernels.operands import Dense, Weight
from sticli.models.header import Header
from sticli.models.hparams import HParams

_TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer; vectors are f32."""

    attention_norm: Tensor
    qkv: tuple[Weight, ...]  # rows of queries, keys and values below each other
    bias: Tensor | None  # of those rows
    head_norms: tuple[Tensor, Tensor] | None  # of queries, of keys
    output: tuple[Weight, ...]
    after_attention: Tensor | None  # the norm of what attention adds
    forward_norm: Tensor
    up: tuple[Weight, ...]  # rows of the gate, then of the rest
    down: tuple[Weight, ...]
    after_forward: Tensor | None


@dataclass(frozen=True, slots=True)
class Weights:
    """All of a model."""

    embedding: Weight
    layers: tuple[Layer, ...]
    norm: Tensor
    head: tuple[Weight, ...]
    factors: Tensor | None  # of rotations, f32


def half(header: Header, architecture: str) -> torch.dtype:
    """The 16-bit type in which a model computes on a GPU: its own, where the file tells."""
    kinds = {GGMLQuantizationType(item.kind).name for item in header.tensors.values()}
    # What flows through Gemma and Qwen does not fit f16.
    wide = "BF16" in kinds or architecture in ("gemma2", "gemma3", "qwen2", "qwen3")
    return torch.bfloat16 if wide else torch.float16


def load(
    path: Path,
    header: Header,
    hparams: HParams,
    device: torch.device,
    dtype: torch.dtype,
    progress: Progress,
    *,
    packed: bool,
) -> Weights:
    """All tensors of a file, on the device; quantised ones stay so if `packed`.

    Raises:
        SticliError: the file does not hold what a model of this shape needs, or more.
    """
    tensors = Tensors(path, header, progress)
    weights = _Loader(tensors, hparams, device, dtype, packed).load()
    tensors.finish()
    return weights


class _Loader:
    def __init__(
        self,
        tensors: Tensors,
        hparams: HParams,
        device: torch.device,
        dtype: torch.dtype,
        packed: bool,
    ) -> None:
        self._tensors = tensors
        self._hparams = hparams
        self._device = device
        self._dtype = dtype
        self._packed = packed

    def load(self) -> Weights:
        vocabulary, width = self._hparams.vocabulary, self._hparams.width
        embedding = self._matrix("token_embd", vocabulary, width)
        tied = "output.weight" not in self._tensors
        return Weights(
            embedding=embedding,
            head=(embedding if tied else self._matrix("output", vocabulary, width),),
            norm=self._vector("output_norm.weight", width),
            factors=self._factors(),
            layers=tuple(self._layer(f"blk.{number}.") for number in range(self._hparams.layers)),
        )

    def _layer(self, name: str) -> Layer:
        shape, after = self._hparams, self._hparams.after_norms
        width, heads = shape.width, shape.heads * shape.head_size
        return Layer(
            attention_norm=self._vector(f"{name}attn_norm.weight", width),
            qkv=self._qkv(name),
            bias=self._bias(name),
            head_norms=self._head_norms(name) if shape.head_norms else None,
            output=(self._matrix(f"{name}attn_output", width, heads),),
            after_attention=self._vector(f"{name}post_attention_norm.weight", width)
            if after
            else None,
            forward_norm=self._vector(f"{name}ffn_norm.weight", width),
            up=self._up(name),
            down=(self._matrix(f"{name}ffn_down", width, shape.forward),),
            after_forward=self._vector(f"{name}post_ffw_norm.weight", width) if after else None,
        )

    def _rows(self) -> dict[str, int]:
        """Rows of queries, keys and values."""
        size = self._hparams.head_size
        return {
            "attn_q": self._hparams.heads * size,
            "attn_k": self._hparams.kv_heads * size,
            "attn_v": self._hparams.kv_heads * size,
        }

    def _qkv(self, name: str) -> tuple[Weight, ...]:
        width, rows = self._hparams.width, self._rows()
        if f"{name}attn_qkv.weight" in self._tensors:
            return (self._matrix(f"{name}attn_qkv", sum(rows.values()), width),)
        return self._join([self._matrix(name + part, count, width) for part, count in rows.items()])

    def _bias(self, name: str) -> Tensor | None:
        rows = self._rows()
        if f"{name}attn_qkv.bias" in self._tensors:
            return self._vector(f"{name}attn_qkv.bias", sum(rows.values()))
        found = {part for part in rows if f"{name}{part}.bias" in self._tensors}
        parts = [
            self._vector(f"{name}{part}.bias", count)
            if part in found
            else torch.zeros(count, device=self._device)
            for part, count in rows.items()
        ]
        return torch.cat(parts) if found else None

    def _head_norms(self, name: str) -> tuple[Tensor, Tensor]:
        size = self._hparams.head_size
        return (
            self._vector(f"{name}attn_q_norm.weight", size),
            self._vector(f"{name}attn_k_norm.weight", size),
        )

    def _up(self, name: str) -> tuple[Weight, ...]:
        forward, width = self._hparams.forward, self._hparams.width
        if self._hparams.architecture == "phi3":
            return (self._matrix(f"{name}ffn_up", 2 * forward, width),)
        return self._join(
            [self._matrix(name + part, forward, width) for part in ("ffn_gate", "ffn_up")]
        )

    def _factors(self) -> Tensor | None:
        """What divides the speed of rotations, where the file says so."""
        rotation = self._hparams.rotations[self._hparams.windows[-1]]
        long, short = "rope_factors_long.weight", "rope_factors_short.weight"
        pairs = rotation.dimensions // 2
        if "rope_freqs.weight" in self._tensors and rotation.kind != "longrope":
            return self._vector("rope_freqs.weight", pairs)
        if long not in self._tensors and short not in self._tensors:
            return None
        choice = {name: self._vector(name, pairs) for name in (long, short)}
        # The whole context decides: cells are shared, so that all must turn alike.
        return choice[long if self._hparams.context > rotation.original else short]

    def _vector(self, name: str, size: int) -> Tensor:
        return torch.from_numpy(self._tensors.vector(name, size)).to(self._device)

    def _matrix(self, name: str, rows: int, columns: int) -> Weight:
        raw = self._tensors.matrix(f"{name}.weight", rows, columns)
        if raw.kind in FORMATS and self._packed:
            data = torch.from_numpy(raw.data).to(self._device)
            return packing.pack(data, FORMATS[raw.kind], columns)
        return Dense(self._dense(raw))

    def _dense(self, raw: Raw) -> Tensor:
        """Numbers: f32 where the file holds such or the device is a CPU, else the half type."""
        if raw.kind in NUMBERS:
            values = torch.from_numpy(raw.data).to(self._device).view(_TYPES[raw.kind])
        else:
            numbers = quants.dequantize(raw.data, GGMLQuantizationType[raw.kind])
            values = torch.from_numpy(np.asarray(numbers)).to(self._device)
        return values if raw.kind == "F32" else values.to(self._dtype)

    def _join(self, parts: Sequence[Weight]) -> tuple[Weight, ...]:
        return packing.join(parts)
