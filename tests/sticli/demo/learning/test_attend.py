"""Blocked attention is attention: its values and its gradients, over awkward sizes."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from sticli.demo.learning import attend


def drawn(seed: int, *shape: int) -> Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=source, requires_grad=True)


def gradients(out: Tensor, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    found: tuple[Tensor, ...] = torch.autograd.grad(out, inputs, torch.ones_like(out) / 3)
    return found


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3 * attend.ROWS), st.integers(0, 99))
def test_causal_attention_is_torchs(tokens: int, seed: int) -> None:
    inputs = tuple(drawn(seed + n, 2, tokens, 8) for n in range(3))
    out = attend.attend(*inputs)
    wanted = F.scaled_dot_product_attention(*inputs, is_causal=True, scale=1.0)
    torch.testing.assert_close(out, wanted, atol=1e-4, rtol=1e-4)
    for ours, theirs in zip(gradients(out, inputs), gradients(wanted, inputs), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(1, 300), st.integers(0, 99))
def test_a_bias_hides_what_it_says(rows: int, tokens: int, seed: int) -> None:
    batch, heads = 2, 3
    q = drawn(seed, batch * heads, rows, 8)
    k, v = (drawn(seed + n, batch * heads, tokens, 8) for n in (1, 2))
    hidden = torch.rand(batch, rows, tokens, generator=torch.Generator().manual_seed(seed)) < 0.5
    hidden[:, :, 0] = False
    bias = torch.zeros(hidden.shape).masked_fill(hidden, -torch.inf)
    out = attend.attend(q, k, v, bias)
    wide = bias.repeat_interleave(heads, 0)
    wanted = F.scaled_dot_product_attention(q, k, v, attn_mask=wide, scale=1.0)
    torch.testing.assert_close(out, wanted, atol=1e-4, rtol=1e-4)
    for ours, theirs in zip(gradients(out, (q, k, v)), gradients(wanted, (q, k, v)), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)
