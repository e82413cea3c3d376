"""What a header says of memory, held against the engines themselves."""

from collections.abc import Callable
from pathlib import Path

import gguf
import pytest

from sticli.daemon.engines import measurement
from sticli.daemon.engines.gpu.model import KvType
from sticli.daemon.engines.gpu.model import cell_bytes as gpu_cell_bytes
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.tuning import Tuning
from sticli.models import hparams, shape
from sticli.models.find import embedded_model
from sticli.models.header import Header, Value, read_header
from sticli.models.shape import PLACE_BYTES, cell_bytes
from tests.families import FAMILIES, write
from tests.tiny import CELL_BYTES, write_model, write_recurrent


def of(architecture: str, **values: Value) -> Header:
    """A bare header; underscores twice stand for dots."""
    named = {f"{architecture}.{key.replace('__', '.')}": value for key, value in values.items()}
    return Header("", architecture, named, {}, {})


def measured(path: Path) -> int:
    """Bytes of a cell, as llama.cpp accounts for them."""
    model = Model(path)
    try:
        return measurement.cell_bytes(model, Tuning(False, 512, 1))
    finally:
        model.close()


@pytest.mark.parametrize(
    ("make", "caches"),
    [
        (lambda path: write_model(path, seed=1), 1),
        (lambda path: write_model(path, seed=1, architecture="gemma2", window=32), 2),
        (lambda _: embedded_model(), 1),
    ],
)
def test_cells_are_what_llamacpp_says(
    tmp_path: Path, make: Callable[[Path], Path], caches: int
) -> None:
    """It notes the place of a cell in each cache that it has: two where windows slide."""
    path = make(tmp_path / "model.gguf")
    found = cell_bytes(read_header(path), "f16", "llama.cpp")
    assert found + (caches - 1) * PLACE_BYTES == measured(path)


def test_a_state_has_no_cells(tmp_path: Path) -> None:
    path = write_recurrent(tmp_path / "model.gguf", seed=1)
    header = read_header(path)
    assert (cell_bytes(header, "f16", "llama.cpp"), measured(path)) == (0, 1)
    assert shape.recurrent(header)
    assert not shape.recurrent(read_header(embedded_model()))


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("kind", ["f16", "bf16", "q8"])
def test_cells_are_what_the_gpu_engine_takes(tmp_path: Path, name: str, kind: KvType) -> None:
    path = write(tmp_path / "model.gguf", FAMILIES[name])
    header = read_header(path)
    expected = gpu_cell_bytes(hparams.read(header, path), kind)
    assert cell_bytes(header, kind, "gpu") == expected


def test_layers_that_differ() -> None:
    each = of(
        "jamba",
        block_count=4,
        embedding_length=64,
        attention__head_count=4,
        attention__head_count_kv=(0, 2, 0, 1),
        ssm__state_size=16,
    )
    assert shape.heads(each) == (0, 2, 0, 1)
    assert cell_bytes(each, "f16", "gpu") == 3 * 2 * 16 * 2
    assert shape.recurrent(each)
    some = of("x", block_count=8, attention__head_count=4, full_attention_interval=4)
    assert shape.heads(some) == (0, 0, 0, 4, 0, 0, 0, 4)
    fewer = of("x", block_count=8, attention__head_count=2, attention__shared_kv_layers=3)
    assert shape.heads(fewer) == (2,) * 5
    own = of(
        "x",
        block_count=1,
        attention__head_count=8,
        attention__head_count_kv=1,
        attention__key_length=576,
        attention__value_length=512,
    )
    assert cell_bytes(own, "f16", "gpu") == (576 + 512) * 2


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"block_count": 1 << 60, "attention__head_count": 1},
        {"block_count": "many", "attention__head_count": (-1, -1)},
        {"block_count": 2, "attention__head_count_kv": (), "attention__head_count": 0},
        {"block_count": 2, "attention__head_count": 2, "full_attention_interval": 0},
        {"block_count": float("nan"), "attention__head_count": float("inf")},
    ],
)
def test_headers_that_make_no_sense_are_harmless(values: dict[str, Value]) -> None:
    assert cell_bytes(of("x", **values), "f16", "gpu") >= 0
    assert shape.context(of("x", **values)) == 0


def test_counts_of_a_real_file(tiny: Path) -> None:
    header, tensors = read_header(tiny), gguf.GGUFReader(tiny).tensors
    assert shape.weights(header) == sum(int(one.n_bytes) for one in tensors)
    assert shape.parameters(header) == sum(int(one.n_elements) for one in tensors)
    assert 0 < tiny.stat().st_size - shape.weights(header) < 8000  # the header
    assert (shape.quantisation(header), shape.mixture(header)) == (
        "F32",
        {"F32": shape.weights(header)},
    )
    assert cell_bytes(header, "f16", "gpu") == CELL_BYTES


def test_counts_of_the_embedded_one() -> None:
    header = read_header(embedded_model())
    assert (shape.quantisation(header), next(iter(shape.mixture(header)))) == ("Q8_0", "Q8_0")
    assert (shape.layers(header), shape.context(header)) == (6, 8448)
    assert shape.text(header, "general.license") == "MIT"
