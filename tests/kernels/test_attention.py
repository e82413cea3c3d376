"""Attention over items: the kernels against the reference, and both against the definition."""

import pytest
import torch
from torch import Tensor

from sticli.daemon.engines.gpu import work
from sticli.daemon.engines.gpu.work import Heads
from sticli.kernels import attention, reference
from sticli.kernels.operands import Activations, Work, shape_of_columns
from tests.kernels.scenes import Scene, scene, truth, work_of

pytestmark = pytest.mark.usefixtures("poisoned")
FEW, MANY = [(0, 65, 1)], [(0, 150, 1), (130, 133, 2), (130, 131, 1), (64, 70, 3)]


def attend(
    scene: Scene,
    listed: Work,
    *,
    softcap: float = 0.0,
    window: int = 0,
    columns: bool = False,
) -> tuple[Activations, Tensor]:
    """What the kernels make of a scene, and the reference."""
    arguments = (scene.queries, scene.pool, 1, listed, 0.3, softcap, window)
    found = attention.attend(*arguments, columns=columns, dtype=torch.float32)
    return found, reference.attend(*arguments).values


def listed(scene: Scene, window: int = 0, sms: int = 1, shared: int = 1) -> Work:
    lists = work.build(scene.rows, window, scene.heads, sms, shared=shared)
    return work_of(lists, scene.rows, scene.queries.device)


def agree(found: Tensor, expected: Tensor, tolerance: float = 2e-3) -> None:
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("heads", "size"), [((2, 2), 16), ((8, 2), 32), ((6, 2), 80), ((5, 1), 96), ((2, 1), 256)]
)
def test_heads_of_every_kind(device: torch.device, heads: tuple[int, int], size: int) -> None:
    seen = scene(FEW, Heads(*heads), size, torch.float16, device=device)
    found, expected = attend(seen, listed(seen))
    agree(found.values, expected)
    agree(expected, truth(seen, 0.3, 0.0, 0).float())


@pytest.mark.parametrize("cells", [1, 63, 64, 65, 2250])  # the last makes 18 items
def test_lengths_on_and_off_a_block(device: torch.device, cells: int) -> None:
    seen = scene([(0, cells, 1)], Heads(2, 1), 16, torch.float16, device=device)
    found, expected = attend(seen, listed(seen, sms=64))
    agree(found.values, expected)
    agree(expected, truth(seen, 0.3, 0.0, 0).float())


@pytest.mark.parametrize("dtype", [torch.float16, torch.int8])
@pytest.mark.parametrize(("softcap", "window"), [(0.0, 0), (2.0, 66)])
def test_shared_rows_of_every_type_of_cell(
    device: torch.device, dtype: torch.dtype, softcap: float, window: int
) -> None:
    seen = scene(MANY, Heads(4, 2), 16, dtype, device=device)
    found, expected = attend(seen, listed(seen, window), softcap=softcap, window=window)
    agree(found.values, expected)
    agree(expected, truth(seen, 0.3, softcap, window).float())


def test_a_window_within_a_block(device: torch.device) -> None:
    seen = scene(MANY, Heads(2, 2), 16, torch.float16, device=device)
    found, expected = attend(seen, listed(seen, 3), window=3)
    agree(found.values, expected)
    agree(expected, truth(seen, 0.3, 0.0, 3).float())


def test_a_tile_of_two_dots(device: torch.device) -> None:
    seen = scene([(0, 70, 13)], Heads(4, 1), 16, torch.float16, device=device)
    made = listed(seen)
    assert made.tiles.shape == (1, 16)
    found, expected = attend(seen, made)
    agree(found.values, expected)
    agree(expected, truth(seen, 0.3, 0.0, 0).float())


@pytest.mark.parametrize(("tokens", "size", "planes"), [(3, 112, 2), (17, 16, 1)])
def test_what_leaves_as_integers(device: torch.device, tokens: int, size: int, planes: int) -> None:
    seen = scene([(0, 20, tokens)], Heads(3, 1), size, torch.float16, device=device)
    found, expected = attend(seen, listed(seen), columns=True)
    assert found.columns is not None
    assert (found.columns.planes, found.columns.width) == shape_of_columns(tokens)
    restored = reference.restore(found.columns, tokens)
    peak = float(expected.abs().max())
    assert (
        float((restored[:, : 3 * size] - expected).abs().max())
        < (3e-3 if planes == 2 else 2e-2) * peak
    )
    assert not restored[:, 3 * size :].any()
    again = reference.quantise(found.values, planes, found.columns.width)
    assert torch.equal(found.columns.sums, again.sums)  # unused columns hold zeros


def test_tokens_without_items_and_longer_lists(device: torch.device) -> None:
    """A recorded pass is filled up, its lists too, and what fills them up is never read."""
    seen = scene([(0, 66, 1)], Heads(4, 2), 16, torch.float16, device=device)
    exact = work_of(work.build(seen.rows, 0, seen.heads, 1, tokens=2), seen.rows, device)
    longer = Work(
        exact.positions,
        tiles=lengthened(exact.tiles, 7),
        items=lengthened(exact.items, 99),
        table=lengthened(exact.table, 10**6),
        starts=exact.starts,
        merges=lengthened(exact.merges, 10**6),
        counts=exact.counts,
    )
    queries = torch.cat((seen.queries, torch.full_like(seen.queries, torch.nan)))
    found = attention.attend(
        queries, seen.pool, 1, longer, 0.3, 0.0, 0, columns=True, dtype=torch.float32
    )
    expected = reference.attend(queries, seen.pool, 1, exact, 0.3, 0.0, 0).values
    agree(found.values, expected)
    assert not found.values[1].any()
    assert found.columns is not None
    assert not found.columns.values[:, :, 1].any()


def lengthened(numbers: Tensor, poison: int) -> Tensor:
    return torch.cat((numbers, torch.full_like(numbers[:1], poison).expand(3, -1)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int8])
@pytest.mark.parametrize(("size", "softcap", "window"), [(128, 0.0, 0), (256, 50.0, 4096)])
def test_questions_on_a_long_context(
    dtype: torch.dtype, size: int, softcap: float, window: int
) -> None:
    """Shapes of real models, which the interpreter could not finish, grouped and one by one."""
    forks = [(8000, 8001 + number, 1) for number in range(31)]
    heads, device = Heads(32, 8), torch.device("cuda")
    seen = scene([(0, 8300, 5), *forks], heads, size, dtype, device=device)
    expected = truth(seen, 0.3, softcap, window).float()
    for shared in (16, 10**9):
        made = listed(seen, window, sms=132, shared=shared)
        found, same = attend(seen, made, softcap=softcap, window=window)
        tolerance = 2e-2 if dtype == torch.bfloat16 else 2e-3
        agree(found.values, expected, tolerance)
        agree(same, expected, tolerance)


@pytest.mark.filterwarnings("ignore:overflow encountered in exp2")  # its infinity is meant
def test_large_scores_give_no_nan(device: torch.device) -> None:
    seen = scene([(0, 130, 2)], Heads(2, 1), 16, torch.float16, device=device)
    for softcap in (0.0, 5.0):
        arguments = (seen.queries * 200, seen.pool, 1, listed(seen), 50.0, softcap, 0)
        found = attention.attend(*arguments, columns=False, dtype=torch.float32)
        agree(found.values, reference.attend(*arguments).values, 5e-3)


def test_the_reference_answers_where_no_kernel_runs() -> None:
    seen = scene(MANY, Heads(4, 2), 16, torch.float32, device=torch.device("cpu"))
    found, expected = attend(seen, listed(seen))
    assert torch.equal(found.values, expected)
    agree(expected, truth(seen, 0.3, 0.0, 0).float(), 1e-5)
