"""Packing: no bit is lost, and what is packed means what the gguf package says."""

import numpy as np
import pytest
import torch

from sticli.kernels import packing, reference
from sticli.kernels.formats import FORMATS, Format
from sticli.kernels.operands import Dense, Packed, Weight
from tests.kernels import blocks

OLD = [name for name, form in FORMATS.items() if not form.supers]


def same(a: Weight, b: Weight) -> bool:
    return torch.equal(reference.dequantise(a), reference.dequantise(b))


def top(packed: Packed, name: str) -> torch.Tensor:
    """One of the tensors of packed weights."""
    tensor = getattr(packed, name)
    assert isinstance(tensor, torch.Tensor)
    return tensor


@pytest.mark.parametrize("name", FORMATS)
def test_packed_weights_mean_what_the_gguf_package_says(name: str, device: torch.device) -> None:
    sample = blocks.sample(name, rows=37, columns=768, seed=1, device=device)
    found = reference.dequantise(sample.packed)
    assert found.shape == sample.values.shape
    torch.testing.assert_close(found, sample.values, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("rows", "blocks"), [(33, 2), (32, 1), (1, 3)])
def test_every_bit_comes_back(name: str, rows: int, blocks: int, device: torch.device) -> None:
    """Not only those of good files: scales may be anything, NaN too."""
    size = blocks * packing.LAYOUTS[name].size
    raw = np.random.default_rng(2).integers(0, 256, (rows, size), np.uint8)
    tensor = torch.from_numpy(raw).to(device)
    packed = packing.pack(tensor, FORMATS[name], 256 * blocks)
    assert torch.equal(packing.unpack(packed), tensor)


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize("columns", [32, 288])
def test_rows_that_end_within_a_block_of_256(name: str, columns: int) -> None:
    sample = blocks.sample(name, rows=3, columns=columns, seed=3)
    torch.testing.assert_close(
        reference.dequantise(sample.packed), sample.values, rtol=1e-6, atol=1e-9
    )
    assert torch.equal(packing.unpack(sample.packed), sample.raw)


@pytest.mark.parametrize("name", FORMATS)
def test_padding_weighs_nothing(name: str) -> None:
    """Whatever their planes hold, rows and columns that are not there have scales of zero."""
    columns = 256 if FORMATS[name].supers else 96
    packed = blocks.sample(name, rows=5, columns=columns, seed=4).packed
    padded = Packed(
        packed.format, 32, 256, packed.planes, packed.scales, packed.mins, packed.supers
    )
    values = reference.dequantise(padded)
    assert not values[5:].any()
    assert not values[:, columns:].any()


@pytest.mark.parametrize("name", ["Q4_K", "Q5_0", "Q8_0"])
def test_it_is_the_same_in_slabs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = torch.from_numpy(blocks.raw(name, 70, 512, np.random.default_rng(5)))
    whole = packing.pack(raw, FORMATS[name], 512)
    monkeypatch.setattr(packing, "SLAB", 32 * 512)
    parts = packing.pack(raw, FORMATS[name], 512)
    assert parts.rows == 70
    for tensor in ("planes", "scales"):
        assert torch.equal(top(parts, tensor), top(whole, tensor))
    assert same(parts, whole)


def test_one_byte_a_weight_and_scales_cost_what_the_note_says() -> None:
    """Bytes for 256 weights, whole tiles: the file's, but for scales of 6 bits in bytes."""
    sizes = {}
    for name in FORMATS:
        packed = blocks.sample(name, rows=32, columns=256, seed=6).packed
        tensors = [packed.planes, packed.scales, packed.mins, packed.supers]
        sizes[name] = sum(item.nbytes for item in tensors if item is not None) // 32
    assert sizes == {
        **{"Q8_0": 272, "Q4_0": 144, "Q4_1": 160, "Q5_0": 176, "Q5_1": 192},
        **{"Q2_K": 100, "Q3_K": 114, "Q4_K": 148, "Q5_K": 180, "Q6_K": 210},
    }


def test_neighbours_of_a_format_are_joined() -> None:
    a, b, c = (
        blocks.sample(name, rows, 256, seed=rows).packed
        for name, rows in (("Q4_K", 64), ("Q4_K", 37), ("Q6_K", 32))
    )
    joined = packing.join([a, b, c])
    assert [part.rows for part in joined] == [101, 32]
    both = torch.cat((reference.dequantise(a), reference.dequantise(b)))
    assert torch.equal(reference.dequantise(joined[0]), both)
    assert joined[1] is c


def test_parts_that_end_within_a_tile_are_not_joined() -> None:
    a = blocks.sample("Q8_0", 31, 256, seed=7).packed
    b = blocks.sample("Q8_0", 32, 256, seed=8).packed
    assert packing.join([a, b]) == (a, b)


def test_dense_parts_of_one_type_are_joined() -> None:
    parts = [Dense(torch.ones(3, 4)), Dense(torch.zeros(2, 4)), Dense(torch.ones(1, 4).half())]
    first, second = packing.join(parts)
    assert isinstance(first, Dense)
    assert first.values.tolist() == [[1.0] * 4] * 3 + [[0.0] * 4] * 2
    assert second is parts[2]


def test_every_format_has_a_layout_of_its_size() -> None:
    def planes_hold(form: Format) -> bool:
        return packing.LAYOUTS[form.name].size >= 32 * form.planes

    assert packing.LAYOUTS.keys() == FORMATS.keys()
    assert all(planes_hold(form) for form in FORMATS.values())
