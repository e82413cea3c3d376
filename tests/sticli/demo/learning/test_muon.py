"""Steps are orthogonal, and those that torch's own Muon takes."""

import pytest
import torch

from sticli.demo.learning.half import has_half
from sticli.demo.learning.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(3, 20, 50), (2, 50, 20), (1, 16, 16)])
def test_singular_values_come_near_one_and_vectors_stay(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    values = torch.linspace(0.2, 3, left.shape[2])
    found = orthogonal(left * values @ right)
    inner = left.mT @ found @ right.mT
    near = 0.5 if has_half("cpu") else 0.4  # bfloat16 is coarse
    assert (inner.diagonal(dim1=1, dim2=2) - 1).abs().max() < near
    rest = inner - torch.diag_embed(inner.diagonal(dim1=1, dim2=2))
    assert rest.abs().max() < 0.05


def test_nothing_to_learn_moves_nothing() -> None:
    assert not orthogonal(torch.zeros(1, 4, 6)).any()


def test_the_steps_are_torchs() -> None:
    torch.manual_seed(2)
    own = [torch.nn.Parameter(torch.randn(shape)) for shape in ((8, 6), (8, 6), (5, 9))]
    same = [torch.nn.Parameter(one.detach().clone()) for one in own]
    ours = Muon(own, lr=0.01)
    theirs = torch.optim.Muon(same, lr=0.01, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    for _ in range(4):
        for one, other in zip(own, same, strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        ours.step()
        theirs.step()
    for one, other in zip(own, same, strict=True):
        torch.testing.assert_close(one, other, atol=2e-3, rtol=0)  # theirs always in bfloat16


def test_a_matrix_without_a_gradient_stays() -> None:
    one, other = (torch.nn.Parameter(torch.ones(3, 3)) for _ in "12")
    one.grad = torch.eye(3)
    Muon([one, other]).step()
    assert torch.equal(other, torch.ones(3, 3))
    assert not torch.equal(one, torch.ones(3, 3))
