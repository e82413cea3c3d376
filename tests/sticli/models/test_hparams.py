"""The shape of a model from its header: what each family means by it, and what is refused."""

import contextlib
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticli.errors import SticliError
from sticli.models import hparams
from sticli.models.header import Header, Value, read_header
from sticli.models.hparams import HParams
from tests.families import FAMILIES, write

PATH = Path("model.gguf")
BARE: dict[str, Value] = {
    "block_count": 2,
    "attention.head_count": 4,
    "embedding_length": 64,
    "feed_forward_length": 96,
    "context_length": 4096,
    "attention.layer_norm_rms_epsilon": 1e-5,
}


def header(architecture: str, values: dict[str, Value], vocabulary: int = 267) -> Header:
    named = {f"{architecture}.{key}": value for key, value in values.items()}
    return Header("", architecture, named, {"tokenizer.ggml.tokens": vocabulary}, {})


def read(architecture: str, **values: Value) -> HParams:
    """The shape of a bare header with some values changed; underscores stand for dots here."""
    changed = {key.replace("__", "."): value for key, value in values.items()}
    return hparams.read(header(architecture, BARE | changed), PATH)


def refused(architecture: str, values: dict[str, Value], vocabulary: int = 267) -> str:
    with pytest.raises(SticliError) as caught:
        hparams.read(header(architecture, BARE | values, vocabulary), PATH)
    assert caught.value.code == "model"
    assert "\n" not in caught.value.message
    assert "llama.cpp" in (caught.value.hint or "")
    return caught.value.message


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family(name: str, tmp_path: Path) -> None:
    shape = FAMILIES[name]
    path = write(tmp_path / "model.gguf", shape)
    found = hparams.read(read_header(path), path)
    assert (found.layers, found.width, found.forward) == (shape.layers, shape.width, shape.forward)
    assert (found.heads, found.kv_heads) == (shape.heads, shape.kv_heads)
    assert (found.head_size, found.vocabulary) == (shape.head_size, 267)
    assert found.rotations[found.windows[-1]].interleaved == (shape.architecture == "llama")


def test_what_a_bare_header_means() -> None:
    found = read("llama")
    assert (found.kv_heads, found.head_size, found.windows) == (4, 16, (0, 0))
    assert (found.attention_scale, found.embedding_scale, found.softcap) == (0.25, 1, 0)
    (turn,) = found.rotations.values()
    assert (turn.dimensions, turn.base, turn.scale, turn.original) == (16, 10000, 1, 4096)


def test_gemma_has_caps_and_windows_unless_told_otherwise() -> None:
    found = read("gemma2")
    assert (found.attention_softcap, found.softcap, found.windows) == (50, 30, (4096, 0))
    assert found.embedding_scale == 8
    assert read("gemma3").windows == (0, 0)
    third = read("gemma3", block_count=7, attention__sliding_window=512)
    assert third.windows == (512,) * 5 + (0, 512)
    assert (third.attention_softcap, third.softcap) == (0, 0)
    assert {window: turn.base for window, turn in third.rotations.items()} == {0: 1e4, 512: 1e4}


def test_the_pattern_of_windows_may_be_a_list() -> None:
    flags: dict[str, Value] = {"attention.sliding_window_pattern": (False, True)}
    found = hparams.read(header("gemma2", BARE | flags), PATH)
    assert found.windows == (0, 4096)


def test_the_largest_gemmas_scale_by_their_width() -> None:
    found = read("gemma2", block_count=46, attention__key_length=32, attention__value_length=32)
    assert (found.head_size, found.attention_scale) == (32, 0.25)


def test_other_families_name_windows_that_nobody_applies() -> None:
    assert read("phi3", attention__sliding_window=64).windows == (0, 0)


def test_one_value_a_layer() -> None:
    assert read("llama", attention__head_count_kv=(2, 2)).kv_heads == 2
    assert "no single number" in refused("llama", {"attention.head_count_kv": (2, 4)})


@pytest.mark.parametrize(
    ("values", "scale", "magnitude"),
    [
        ({}, 1, 1),
        ({"rope.scale_linear": 2.0}, 0.5, 1),
        ({"rope.scaling.factor": 0.0}, 1, 1),
        ({"rope.scaling.type": "none", "rope.scaling.factor": 4.0}, 1, 1),
        ({"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0}, 0.25, 1 + 0.1 * math.log(4)),
        ({"rope.scaling.type": "longrope", "rope.scaling.attn_factor": 1.25}, 1, 1.25),
    ],
)
def test_stretched_contexts(values: dict[str, Value], scale: float, magnitude: float) -> None:
    (turn,) = hparams.read(header("qwen2", BARE | values), PATH).rotations.values()
    assert turn.scale == scale
    assert turn.magnitude == pytest.approx(magnitude)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"expert_count": 8}, "mixture of experts"),
        ({"attention.causal": False}, "what follows"),
        ({"attention.key_length": 32}, "differ in size"),
        ({"attention.key_length": 24, "attention.value_length": 24}, "heads of 24"),
        ({"embedding_length": 8}, "heads of 2"),
        ({"attention.head_count_kv": 3}, "evenly"),
        (
            {"embedding_length": 4096, "attention.head_count": 128, "attention.head_count_kv": 1},
            "at most 64 one",
        ),
        ({"attention.head_count_kv": 8}, "1 to 4"),
        ({"attention.head_count": 0}, "1 to 64"),
        ({"embedding_length": 4096, "attention.head_count": 2000}, "1 to 1024"),
        ({"block_count": 1 << 31}, "1 to 1000"),
        ({"block_count": -1}, "1 to 1000"),
        ({"block_count": 2.0}, "1 to 1000"),
        ({"context_length": "long"}, "no single number"),
        ({"rope.freq_base": math.nan}, "rope.freq_base is nan"),
        ({"rope.freq_base": 0.0}, "rope.freq_base is 0"),
        ({"rope.scaling.type": "su"}, '"su"'),
        ({"rope.dimension_count": 15}, "in pairs"),
        ({"rope.dimension_count": 32}, "1 to 16"),
        ({"attention.layer_norm_rms_epsilon": math.inf}, "inf"),
    ],
)
def test_what_is_refused(values: dict[str, Value], why: str) -> None:
    assert why in refused("llama", values)


def test_refusals_that_are_not_about_one_value() -> None:
    assert '"mamba"' in refused("mamba", {})
    assert "no vocabulary" in refused("llama", {}, 0)
    values: dict[str, Value] = {f"llama.{key}": value for key, value in BARE.items()}
    with pytest.raises(SticliError, match="one of several files"):
        hparams.read(Header("", "llama", values | {"split.count": 3}, {}, {}), PATH)
    bare = {key: value for key, value in BARE.items() if key != "block_count"}
    with pytest.raises(SticliError, match=r"lacks llama\.block_count"):
        hparams.read(header("llama", bare), PATH)
    pattern: dict[str, Value] = {"attention.sliding_window_pattern": (True,) * 3}
    assert "makes no sense" in refused("gemma2", pattern)
    size: dict[str, Value] = {"attention.key_length": 16, "attention.value_length": 16}
    assert "head_count is 65" in refused(
        "gemma2", size | {"attention.head_count": 65, "block_count": 46}
    )


KEYS = (
    *BARE,
    *("attention.head_count_kv", "attention.key_length", "attention.value_length"),
    *("attention.sliding_window", "attention.sliding_window_pattern", "expert_count"),
    *("rope.freq_base", "rope.freq_base_swa", "rope.dimension_count", "rope.scaling.type"),
    *("rope.scaling.factor", "rope.scaling.attn_factor", "final_logit_softcapping"),
)
NUMBERS = st.integers(-9, 300) | st.integers() | st.floats() | st.booleans()


@given(
    family=st.sampled_from(hparams.FAMILIES),
    values=st.dictionaries(
        st.sampled_from(KEYS), NUMBERS | st.text(max_size=8) | st.lists(NUMBERS).map(tuple)
    ),
)
def test_any_header_is_refused_or_makes_sense(family: str, values: dict[str, Value]) -> None:
    with contextlib.suppress(SticliError):
        found = hparams.read(header(family, BARE | values), PATH)
        assert len(found.windows) == found.layers <= 1000
        assert found.heads % found.kv_heads == 0
        assert 16 <= found.head_size <= 256
        assert math.isfinite(found.attention_scale)
        for turn in found.rotations.values():
            assert 0 < turn.scale <= 1000
            assert math.isfinite(turn.magnitude)
            assert turn.base > 1
