"""What a GGUF header says about a model's shape, checked: which families run here, and how."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from sticli.errors import SticliError
from sticli.models.header import Header, Number

FAMILIES = ("llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi3")
_GEMMAS = ("gemma2", "gemma3")
_SHARERS = 64  # query heads for one of keys: more do not fit a tile of attention
_LARGEST_GEMMAS = {"gemma2": 46, "gemma3": 62}  # layers of those that scale by width / heads
_PATTERNS = {"gemma2": 2, "gemma3": 6}  # every so many layers one attends to everything


@dataclass(frozen=True, slots=True)
class Rotation:
    """How positions turn queries and keys."""

    dimensions: int  # of a head; the rest is not turned
    base: float
    scale: float  # of positions: below 1 where the context was stretched
    interleaved: bool  # pairs are neighbours, else half the dimensions apart
    original: int  # the context before it was stretched
    kind: str  # of stretching: none, linear, yarn, longrope
    magnitude: float  # of queries and keys once turned


@dataclass(frozen=True, slots=True)
class HParams:
    """The shape of a model."""

    architecture: str
    layers: int
    width: int
    forward: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int
    epsilon: float
    glu: Literal["silu", "gelu"]
    head_norms: bool  # queries and keys are normalised head by head
    after_norms: bool  # what a layer adds is normalised too
    embedding_scale: float
    attention_scale: float
    attention_softcap: float  # 0: none, as below
    softcap: float  # of logits
    windows: tuple[int, ...]  # of every layer: how many tokens it attends to, 0: all
    rotations: Mapping[int, Rotation]  # by window


def read(header: Header, path: Path) -> HParams:
    """The shape of the model in a file.

    Raises:
        SticliError: this engine does not run such a model, or the header makes no sense.
    """
    if header.architecture not in FAMILIES:
        known = ", ".join(FAMILIES)
        refuse(path, f'models of architecture "{header.architecture}" do not run on it: {known} do')
    return _Reader(header, path).read()


def refuse(path: Path, why: str) -> NoReturn:
    """Say what this engine cannot run.

    Raises:
        SticliError: always.
    """
    raise SticliError(
        "model",
        f"the gpu engine cannot load {path}: {why}",
        'set `engine = "llama.cpp"` to run it on the CPU',
    )


class _Reader:
    """A header's values under their architecture's names."""

    def __init__(self, header: Header, path: Path) -> None:
        self._header = header
        self._path = path
        self._family = header.architecture

    def read(self) -> HParams:
        self._refuse_others()
        layers, width = self._count("block_count", 1000), self._count("embedding_length", 1 << 17)
        heads = self._count("attention.head_count", min(1024, width))
        kv_heads = self._count("attention.head_count_kv", heads, heads)
        size = self._head_size(width // heads)
        if heads % kv_heads or heads > _SHARERS * kv_heads:
            why = f"{heads} query heads do not share {kv_heads} heads of keys evenly"
            refuse(self._path, f"{why}, at most {_SHARERS} one")
        gemma = self._family in _GEMMAS
        windows = self._windows(layers)
        divisor = width // heads if _LARGEST_GEMMAS.get(self._family) == layers else size
        return HParams(
            architecture=self._family,
            layers=layers,
            width=width,
            forward=self._count("feed_forward_length", 1 << 18),
            heads=heads,
            kv_heads=kv_heads,
            head_size=size,
            vocabulary=self._vocabulary(),
            context=self._context(),
            epsilon=self._real("attention.layer_norm_rms_epsilon", 0.0, 1.0),
            glu="gelu" if gemma else "silu",
            head_norms=self._family in ("qwen3", "gemma3"),
            after_norms=gemma,
            embedding_scale=math.sqrt(width) if gemma else 1.0,
            attention_scale=1 / math.sqrt(divisor),
            attention_softcap=self._cap("attn_logit_softcapping", 50.0, ("gemma2",)),
            softcap=self._cap(
                "final_logit_softcapping", 30.0 if self._family == "gemma2" else 0.0, _GEMMAS
            ),
            windows=windows,
            rotations={window: self._rotation(window, size) for window in sorted({*windows})},
        )

    def _refuse_others(self) -> None:
        """Refuse what these families may ask for but this engine lacks."""
        values = self._header.values
        if self._header.values.get("split.count", 1) != 1:
            refuse(self._path, "it is one of several files that belong together")
        if self._count("expert_count", 1 << 16, 0, least=0):
            refuse(self._path, "it is a mixture of experts")
        if not values.get(f"{self._family}.attention.causal", True):
            refuse(self._path, "its tokens attend to what follows them")

    def _head_size(self, usual: int) -> int:
        size = self._count("attention.key_length", 1024, usual)
        if size != self._count("attention.value_length", 1024, usual):
            refuse(self._path, "its keys and values differ in size")
        if not 16 <= size <= 256 or size % 16:
            refuse(self._path, f"heads of {size} numbers; 16 to 256 in steps of 16 are supported")
        return size

    def _vocabulary(self) -> int:
        size = self._header.lengths.get("tokenizer.ggml.tokens", 0)
        return size or refuse(self._path, "it has no vocabulary")

    def _windows(self, layers: int) -> tuple[int, ...]:
        """How many tokens each layer attends to; 0 is all."""
        if self._family not in _GEMMAS:  # others name a window that llama.cpp does not apply either
            return (0,) * layers
        usual = 4096 if self._family == "gemma2" else 0
        window = self._count("attention.sliding_window", 1 << 24, usual, least=0)
        key = f"{self._family}.attention.sliding_window_pattern"
        pattern = self._header.values.get(key, _PATTERNS[self._family])
        if isinstance(pattern, tuple) and len(pattern) == layers:
            return tuple(window if inside else 0 for inside in pattern)
        if not isinstance(pattern, int) or pattern < 0:
            refuse(self._path, f"{key} of its header makes no sense")
        whole = [pattern > 0 and layer % pattern == pattern - 1 for layer in range(layers)]
        return tuple(0 if item else window for item in whole)

    def _rotation(self, window: int, size: int) -> Rotation:
        kind = self._header.values.get(f"{self._family}.rope.scaling.type", "linear")
        if kind not in ("none", "linear", "yarn", "longrope"):
            refuse(self._path, f'it stretches its context by "{kind}"')
        base, factor = self._base("rope.freq_base", 10000.0), self._factor()
        if kind == "none" or (window and self._family == "gemma3"):
            factor = 1.0
        if window:
            usual = 10000.0 if self._family == "gemma3" else base
            base = self._base("rope.freq_base_swa", usual)
        dimensions = self._count("rope.dimension_count", size, size)
        if dimensions % 2:
            refuse(self._path, f"{dimensions} dimensions of a head cannot be turned in pairs")
        magnitude = self._real("rope.scaling.attn_factor", 0.0, 1000.0, 1.0)
        return Rotation(
            dimensions=dimensions,
            base=base,
            scale=1 / factor,
            interleaved=self._family == "llama",
            original=self._count("rope.scaling.original_context_length", 1 << 24, self._context()),
            kind=str(kind),
            magnitude=magnitude * (_stretch(factor) if kind == "yarn" else 1.0),
        )

    def _base(self, key: str, usual: float) -> float:
        return self._real(key, 1.001, 1e12, usual)

    def _factor(self) -> float:
        """How much longer the context is than the original one; a header may say 0 for 1."""
        older = self._real("rope.scale_linear", 0.0, 1e6, 0.0)
        factor = self._real("rope.scaling.factor", 0.0, 1e6, older)
        return factor if factor > 1e-3 else 1.0

    def _context(self) -> int:
        return self._count("context_length", 1 << 24)

    def _cap(self, key: str, usual: float, families: tuple[str, ...]) -> float:
        return self._real(key, 0.0, 1e6, usual) if self._family in families else 0.0

    def _count(self, key: str, most: int, usual: int | None = None, least: int = 1) -> int:
        """A whole number; where a header has one a layer they must be all the same."""
        value = self._value(key, usual)
        if not isinstance(value, int) or not least <= value <= most:
            refuse(self._path, f"{self._family}.{key} is {value}, {least} to {most} make sense")
        return value

    def _real(self, key: str, least: float, most: float, usual: float | None = None) -> float:
        value = self._value(key, usual)
        if not least <= value <= most:
            refuse(self._path, f"{self._family}.{key} is {value}, {least} to {most} make sense")
        return float(value)

    def _value(self, key: str, usual: Number | None) -> Number:
        name = f"{self._family}.{key}"
        value = self._header.values.get(name, usual)
        if isinstance(value, tuple) and len(set(value)) == 1:
            value = value[0]
        if value is None:
            refuse(self._path, f"its header lacks {name}")
        if isinstance(value, str | tuple):
            refuse(self._path, f"{name} is no single number")
        return value


def _stretch(factor: float) -> float:
    """How much longer YaRN makes queries and keys."""
    return 1 + 0.1 * math.log(factor) if factor > 1 else 1.0
