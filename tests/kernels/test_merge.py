"""The merge: what items left of a token, added up, whatever else lies between."""

import math

import pytest
import torch

from sticli.kernels.merge import Partials, merge
from sticli.kernels.operands import Work

pytestmark = pytest.mark.usefixtures("poisoned")
HEADS, SIZE, TILE = 3, 20, 2


@pytest.mark.parametrize("tokens", [2, 33])
def test_parts_of_one_softmax_add_up(device: torch.device, tokens: int) -> None:
    """More items than one round takes, in any order, with scores that no exponential holds."""
    seed = torch.Generator().manual_seed(3)
    scores = torch.randn((40, HEADS), generator=seed) * 300
    values = torch.randn((40, HEADS, SIZE), generator=seed)
    partials = Partials(
        tops=torch.full((50, TILE, HEADS), math.nan, device=device),
        totals=torch.full((50, TILE, HEADS), math.nan, device=device),
        results=torch.full((50, TILE, HEADS, SIZE), math.nan, device=device),
    )
    items = torch.randperm(50, generator=seed)[:20]
    for item, pair, weighed in zip(items, scores.split(2), values.split(2), strict=True):
        top = pair.amax(0)
        shares = torch.exp2(pair - top)
        partials.tops[item, 1], partials.totals[item, 1] = top, shares.sum(0)
        partials.results[item, 1] = (shares[..., None] * weighed).sum(0)
    merges = torch.stack((items, torch.ones_like(items)), 1).int().to(device)
    found = merged(partials, torch.tensor([0, *[20] * tokens], dtype=torch.int32), merges)
    weights = torch.softmax(scores.double() * math.log(2), 0)
    expected = torch.einsum("ch,chd->hd", weights, values.double()).flatten()
    torch.testing.assert_close(found[0].double().cpu(), expected, rtol=1e-5, atol=1e-5)
    assert not found[1:].any()  # no item saw these


def test_an_item_that_saw_nothing_of_a_token_adds_nothing(device: torch.device) -> None:
    partials = Partials(
        tops=torch.tensor([-1e30, -400.0], device=device).expand(1, 2).reshape(2, 1, 1),
        totals=torch.tensor([0.0, 2.0], device=device).reshape(2, 1, 1),
        results=torch.tensor([0.0, 6.0], device=device).reshape(2, 1, 1, 1),
    )
    for order in ([[0, 0], [1, 0]], [[1, 0], [0, 0]]):
        starts = torch.tensor([0, 2], dtype=torch.int32)
        found = merged(partials, starts, torch.tensor(order, dtype=torch.int32))
        assert found.tolist() == [[3.0]]


def merged(partials: Partials, starts: torch.Tensor, merges: torch.Tensor) -> torch.Tensor:
    device = partials.tops.device
    none = torch.zeros((0, 3), dtype=torch.int32, device=device)
    work = Work(none, none, none, none, starts.to(device), merges.to(device), none)
    return merge(partials, work, len(starts) - 1, columns=False, dtype=torch.float32).values
