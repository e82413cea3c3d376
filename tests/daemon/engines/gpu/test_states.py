"""What a saved state consists of, on any shape of cells."""

import math
import struct

import numpy as np
import pytest
import torch

from sticli.daemon.engines.base import Damaged
from sticli.daemon.engines.gpu import states
from sticli.daemon.engines.gpu.states import States
from sticli.kernels.operands import CELLS, Pool

BLOCKS, LAYERS, HEADS, SIZE = 7, 3, 2, 16
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.int8)
SLOTS = np.array([64 * 5 + 3, *range(64 * 2, 64 * 2 + 64), 1, 64 * 6 + 63])


def pool(dtype: torch.dtype, seed: int = 0) -> Pool:
    """Random cells; 8-bit ones have scales."""
    shape = (BLOCKS, LAYERS, 2, HEADS, CELLS)
    noise = torch.randn(*shape, SIZE, generator=torch.Generator().manual_seed(seed)) * 50
    scales = torch.rand(shape).half() if dtype == torch.int8 else None
    numbers = noise.clamp(-127, 127).to(DEVICE, dtype)
    return Pool(numbers, None if scales is None else scales.to(DEVICE))


def canonical(cells: Pool, slots: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bytes:
    """Tokens one after the other: of each all layers, keys and values, heads."""
    tokens = [
        [part[slot // CELLS, :, :, :, slot % CELLS] for slot in slots] for part in cells.parts
    ]
    return b"".join(
        torch.stack(part).contiguous().view(torch.uint8).cpu().numpy().tobytes() for part in tokens
    )


@pytest.mark.parametrize("piece", [1, 4000, 1 << 20])
@pytest.mark.parametrize("dtype", TYPES)
def test_cells_travel_token_by_token(
    dtype: torch.dtype, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "_PIECE", piece)
    source, target = pool(dtype), pool(dtype, seed=1)
    before = [part.clone() for part in target.parts]
    data = States(source, "a").pack(SLOTS)
    assert data[32:] == canonical(source, SLOTS)
    other = SLOTS[::-1].copy() - 1  # other places of the other pool
    loading = States(target, "a")
    loading.fill(other, loading.unpack(data, len(SLOTS)))
    assert loading.pack(other) == data
    for part, old in zip(target.parts, before, strict=True):
        untouched = torch.ones(BLOCKS, CELLS, dtype=torch.bool, device=DEVICE)
        at = torch.from_numpy(other).to(DEVICE)
        untouched[at // CELLS, at % CELLS] = False
        block, cell = untouched.nonzero().T
        assert torch.equal(part[block, :, :, :, cell], old[block, :, :, :, cell])


def test_nothing_else_of_a_block_is_saved() -> None:
    one, other = pool(torch.float16), pool(torch.float16)
    spoilt = torch.full_like(other.cells, math.nan)
    at = torch.from_numpy(SLOTS).to(DEVICE)
    block, cell = at // CELLS, at % CELLS
    spoilt[block, :, :, :, cell] = other.cells[block, :, :, :, cell]
    assert States(Pool(spoilt), "a").pack(SLOTS) == States(one, "a").pack(SLOTS)


def test_an_empty_state() -> None:
    found = States(pool(torch.float16), "a")
    data = found.pack(SLOTS[:0])
    assert len(data) == 32
    found.fill(SLOTS[:0], found.unpack(data, 0))


def test_states_of_other_models_and_cells_are_foreign() -> None:
    data = States(pool(torch.float16), "a").pack(SLOTS)
    others = [States(pool(dtype), "a") for dtype in TYPES[1:]]
    fewer = Pool(pool(torch.float16).cells[:, :2].contiguous())
    for other in (*others, States(fewer, "a"), States(pool(torch.float16), "b")):
        with pytest.raises(Damaged, match="another"):
            other.unpack(data, len(SLOTS))
    larger = Pool(torch.cat((pool(torch.float16).cells,) * 2))  # more cells of the same kind
    States(larger, "a").unpack(data, len(SLOTS))


def test_a_header_that_lies_is_found_out() -> None:
    found = States(pool(torch.float16), "a")
    data = found.pack(SLOTS)
    tokens, size = len(SLOTS), len(data) - 32
    for count, claimed in ((tokens + 1, size), (tokens, size - 1), (tokens - 1, size)):
        lie = data[:16] + struct.pack("<QQ", count, claimed) + data[32:]
        with pytest.raises(Damaged):
            found.unpack(lie, count)


def test_the_size_of_a_cell() -> None:
    numbers = LAYERS * 2 * HEADS * SIZE
    assert [States(pool(dtype), "").cell_bytes for dtype in TYPES] == [
        2 * numbers,
        2 * numbers,
        4 * numbers,
        numbers + 2 * numbers // SIZE,
    ]
