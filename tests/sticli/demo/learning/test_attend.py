"""Blocked and fused attention are attention: values and gradients, over awkward sizes."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from sticli.demo.learning import attend

Way = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


def drawn(seed: int, *shape: int) -> Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=source, requires_grad=True)


def gradients(out: Tensor, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    found: tuple[Tensor, ...] = torch.autograd.grad(out, inputs, torch.ones_like(out) / 3)
    return found


WAYS = (attend.attend, attend.fused)  # on a CPU, on a GPU


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=12, deadline=None)
@given(tokens=st.integers(1, 3 * attend.ROWS), seed=st.integers(0, 99))
def test_causal_attention_is_torchs(way: Way, tokens: int, seed: int) -> None:
    inputs = tuple(drawn(seed + n, 2, tokens, 8) for n in range(3))
    out = way(*inputs, None)
    wanted = F.scaled_dot_product_attention(*inputs, is_causal=True, scale=1.0)
    torch.testing.assert_close(out, wanted, atol=1e-4, rtol=1e-4)
    for ours, theirs in zip(gradients(out, inputs), gradients(wanted, inputs), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=12, deadline=None)
@given(rows=st.integers(1, 40), tokens=st.integers(1, 300), seed=st.integers(0, 99))
def test_a_bias_hides_what_it_says(way: Way, rows: int, tokens: int, seed: int) -> None:
    batch, heads = 2, 3
    q = drawn(seed, batch * heads, rows, 8)
    k, v = (drawn(seed + n, batch * heads, tokens, 8) for n in (1, 2))
    hidden = torch.rand(batch, rows, tokens, generator=torch.Generator().manual_seed(seed)) < 0.5
    hidden[:, :, 0] = False
    bias = torch.zeros(hidden.shape).masked_fill(hidden, -torch.inf)
    out = way(q, k, v, bias)
    wide = bias.repeat_interleave(heads, 0)
    wanted = F.scaled_dot_product_attention(q, k, v, attn_mask=wide, scale=1.0)
    torch.testing.assert_close(out, wanted, atol=1e-4, rtol=1e-4)
    for ours, theirs in zip(gradients(out, (q, k, v)), gradients(wanted, (q, k, v)), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)
