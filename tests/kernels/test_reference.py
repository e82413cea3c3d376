"""The reference itself, against definitions written another way."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from sticli.kernels import reference
from sticli.kernels.operands import (
    CELLS,
    Activations,
    Dense,
    Pool,
    Rope,
    Work,
    shape_of_columns,
)
from tests.kernels import blocks


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    torch.manual_seed(1)


@pytest.mark.parametrize("tokens", [1, 4, 5, 8, 16, 17, 32])
def test_columns_hold_all_tokens_twice_where_there_is_room(tokens: int) -> None:
    planes, width = shape_of_columns(tokens)
    assert planes * tokens <= width
    assert planes == (2 if tokens <= 16 else 1)


@pytest.mark.parametrize(("planes", "error"), [(1, 0.5 / 127), (2, 0.5 / 127 / 254)])
def test_rounding_errs_by_half_a_step_of_the_last_plane(planes: int, error: float) -> None:
    x = torch.randn(3, 300)
    columns = reference.quantise(x, planes, 16)
    restored = reference.restore(columns, 3)
    assert restored.shape == (3, 512)
    assert not restored[:, 300:].any()
    largest = functional.pad(x, (0, 212)).unflatten(1, (2, 256)).abs().amax(2, keepdim=True)
    errors = (restored[:, :300] - x).abs()
    assert bool((errors <= 1.01 * error * largest.expand(3, 2, 256).flatten(1)[:, :300]).all())


def test_unused_columns_are_zero_and_sums_are_of_sixteen_values() -> None:
    columns = reference.quantise(torch.randn(3, 256), 2, 16)
    used = [0, 1, 2, 8, 9, 10]
    unused = [column for column in range(16) if column not in used]
    assert not columns.values[:, :, unused].any()
    assert not columns.scales[:, unused].any()
    assert columns.sums[0, 5, 9] == columns.values[0, 2, 9, 16:].sum()


def test_zeros_stay_zeros() -> None:
    columns = reference.quantise(torch.zeros(1, 256), 2, 8)
    assert not reference.restore(columns, 1).any()


def test_parts_of_a_product_stand_side_by_side() -> None:
    x, dense = torch.randn(2, 256), torch.randn(3, 256)
    packed = blocks.sample("Q4_K", 5, 256, seed=1)
    found = reference.linear(Activations(x), (Dense(dense), packed.packed))
    expected = torch.cat((x @ dense.T, x @ packed.values.T), 1)
    torch.testing.assert_close(found, expected[None])


def test_the_residual_grows_by_the_sum_of_the_pieces() -> None:
    residual, update, weight = torch.randn(2, 8), torch.randn(3, 2, 8), torch.randn(8)
    total = residual + update.sum(0)
    found = reference.rms_norm(residual, update, weight, 1e-5)
    torch.testing.assert_close(residual, total)
    torch.testing.assert_close(found.values, functional.rms_norm(total, (8,), weight, 1e-5))


def test_an_update_may_be_normalised_first() -> None:
    residual, update = torch.randn(2, 8), torch.randn(1, 2, 8)
    weight, after = torch.randn(8), torch.randn(8)
    total = residual + functional.rms_norm(update[0], (8,), after, 1e-5)
    reference.rms_norm(residual, update, weight, 1e-5, after)
    torch.testing.assert_close(residual, total)


def test_gates() -> None:
    pieces = torch.randn(2, 3, 10)
    gate, rest = pieces.sum(0)[:, :5], pieces.sum(0)[:, 5:]
    bent = 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate**3)))
    silu, gelu = (reference.glu(pieces, kind).values for kind in ("silu", "gelu"))
    torch.testing.assert_close(silu, gate * torch.sigmoid(gate) * rest)
    torch.testing.assert_close(gelu, gate * bent * rest)


@pytest.mark.parametrize("interleaved", [True, False])
def test_pairs_turn_like_complex_numbers(interleaved: bool) -> None:
    angles = torch.randn(5, 3)
    rope = Rope(angles.cos(), angles.sin(), interleaved)
    heads, positions = torch.randn(2, 4, 8), torch.tensor([4, 1], dtype=torch.int32)
    real, imaginary = ([0, 2, 4], [1, 3, 5]) if interleaved else ([0, 1, 2], [3, 4, 5])
    turn = torch.polar(torch.ones(2, 3), angles[[4, 1]])[:, None]
    turned = torch.complex(heads[..., real], heads[..., imaginary]) * turn
    found = reference.rotate(heads, rope, positions)
    torch.testing.assert_close(found[..., real], turned.real)
    torch.testing.assert_close(found[..., imaginary], turned.imag)
    assert torch.equal(found[..., 6:], heads[..., 6:])


def pool_of(dtype: torch.dtype, heads: int = 2, size: int = 8) -> Pool:
    """Four blocks that nobody has written to."""
    shape = (4, 2, 2, heads, CELLS)
    scales = torch.full(shape, math.nan, dtype=torch.float16) if dtype == torch.int8 else None
    unknown = 0x7F if dtype == torch.int8 else math.nan
    return Pool(torch.full((*shape, size), unknown, dtype=dtype), scales)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int8])
def test_keys_and_values_reach_their_cells_and_no_other(dtype: torch.dtype) -> None:
    pool = pool_of(dtype)
    before = pool.cells.clone()
    still = Rope(torch.ones(1, 4), torch.zeros(1, 4), False)
    pieces = torch.randn(1, 3, 5 * 8)
    positions, slots = torch.zeros(3, dtype=torch.int32), torch.tensor([3 * CELLS + 5, -1, 2])
    queries = reference.rope_write(
        pieces, torch.ones(40), None, 1e-5, still, positions, slots, pool, 1
    )
    cells = pool.cells.float()
    if pool.scales is not None:
        cells = cells * pool.scales.float()[..., None]
    heads = (pieces[0] + 1).unflatten(1, (5, 8))
    assert torch.equal(queries, heads[:, :1])
    for token, block, cell in ((0, 3, 5), (2, 0, 2)):
        stored = cells[block, 1, :, :, cell].flatten(0, 1)
        torch.testing.assert_close(stored, heads[token, 1:], rtol=1e-3, atol=0.02)
        pool.cells[block, 1, :, :, cell] = before[block, 1, :, :, cell]
    assert pool.cells.equal(before) or pool.cells.isnan().equal(before.isnan())


def seen(work: Work, token: int, window: int) -> list[tuple[int, int]]:
    """Block and cell of all that a token of `work` sees."""
    at = int(work.positions[token])
    cells = [
        (block, cell, first + cell)
        for tile, start, count in work.items.tolist()
        if token in work.tiles[tile].tolist()
        for block, first, cells in work.table[start : start + count].tolist()
        for cell in range(cells)
    ]
    low = at - window + 1 if window else 0
    return [(block, cell) for block, cell, place in cells if low <= place <= at]


def ints(*numbers: object) -> Tensor:
    return torch.tensor(numbers, dtype=torch.int32)


@pytest.mark.parametrize("softcap", [0.0, 2.0])
@pytest.mark.parametrize("window", [0, 5, 70])
def test_attention_is_that_of_torch(softcap: float, window: int) -> None:
    """Two tokens of one sequence share a tile and two items; a third, a fork, has its own tail."""
    work = Work(
        positions=ints(66, 67, 63, 0),
        tiles=ints([0, 1, -1], [2, -1, -1], [0, 1, 2]),
        items=ints([2, 0, 1], [0, 1, 2], [1, 3, 1], [-1, -1, -1]),
        table=ints([3, 0, 60], [1, 60, 5], [0, 65, 3], [2, 60, 4]),
        starts=ints(),
        merges=ints(),
        counts=ints(3),
    )
    pool = pool_of(torch.float32)
    for block, _, cells in work.table.tolist():
        pool.cells[block, :, :, :, :cells] = torch.randn(2, 2, 2, cells, 8)
    queries = torch.randn(4, 6, 8)
    found = reference.attend(queries, pool, 1, work, 0.3, softcap, window).values
    for token in range(3):
        block, cell = torch.tensor(seen(work, token, window)).T
        keys, values = pool.cells[block, 1, :, :, cell].double().unbind(1)
        of = torch.arange(6) // 3  # the head of keys and values that a query head reads
        scores = torch.einsum("hd,chd->hc", queries[token].double(), keys[:, of]) * 0.3
        if softcap:
            scores = softcap * torch.tanh(scores / softcap)
        expected = torch.einsum("hc,chd->hd", scores.softmax(1), values[:, of]).flatten()
        torch.testing.assert_close(found[token].double(), expected, rtol=1e-4, atol=1e-5)
    assert not found[3].any()


def test_of_equals_the_lower_number_comes_first() -> None:
    logits = torch.tensor([[1.0, 3.0, 3.0, -math.inf, 2.0], [0.0, math.nan, 9.0, 9.0, 1.0]])
    values, numbers = reference.top(logits, 3)
    assert numbers.tolist() == [[1, 2, 4], [1, 2, 3]]
    assert values[0].tolist() == [3.0, 3.0, 2.0]


def test_only_what_is_allowed_is_taken() -> None:
    logits = torch.arange(11.0)[None]
    allowed = torch.tensor([[0b00100001, 0b010]], dtype=torch.uint8)
    values, numbers = reference.top(logits, 4, allowed)
    assert numbers[0, :3].tolist() == [9, 5, 0]
    assert values[0].tolist() == [9.0, 5.0, 0.0, -math.inf]
