"""Attention for training: on a GPU torch's fused operation, on a CPU plain matrix products in
blocks of rows, which are about twice as fast there, forward and backward.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

ROWS = 256  # of queries at once, at least


def _blocks(queries: int, keys: int, causal: bool) -> Iterator[tuple[slice, int]]:
    """Blocks of query rows, and how many keys each may look at."""
    step = max(ROWS, queries // 8) if causal else max(1, queries)
    edges = [*range(0, queries, step), queries]
    for first, stop in pairwise(edges):
        yield slice(first, stop), stop if causal else keys


def _forget_later(scores: Tensor, first: int) -> None:
    """Masks, in place, what lies after each row's own place; the block's rows begin at `first`."""
    rows = scores.shape[1]
    later = torch.full((rows, rows), -torch.inf, dtype=scores.dtype).triu_(1)
    scores[:, :, first : first + rows].add_(later)


class _Attend(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped to mypy here
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
        kept, out = list[Tensor](), torch.empty_like(q)
        for rows, seen in _blocks(q.shape[1], k.shape[1], bias is None):
            scores = q[:, rows] @ k[:, :seen].transpose(1, 2)
            if bias is None:
                _forget_later(scores, rows.start)
            else:
                scores.view(len(bias), -1, *scores.shape[1:]).add_(bias[:, None])
            kept.append(scores.softmax(-1))
            out[:, rows] = kept[-1] @ v[:, :seen]
        ctx.causal = bias is None
        ctx.save_for_backward(q, k, v, out, *kept)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, out, *kept = ctx.saved_tensors
        of_q = torch.empty_like(q)
        of_k, of_v = torch.zeros_like(k, dtype=torch.float), torch.zeros_like(v, dtype=torch.float)
        inner = (grad * out).sum(-1, keepdim=True)
        for share, (rows, seen) in zip(
            kept, _blocks(q.shape[1], k.shape[1], ctx.causal), strict=True
        ):
            of_v[:, :seen] += share.transpose(1, 2) @ grad[:, rows]
            of_scores = grad[:, rows] @ v[:, :seen].transpose(1, 2)
            of_scores.sub_(inner[:, rows]).mul_(share)
            of_q[:, rows] = of_scores @ k[:, :seen]
            of_k[:, :seen] += of_scores.transpose(1, 2) @ q[:, rows]
        return of_q, of_k.to(k.dtype), of_v.to(v.dtype), None


def fused(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """As `attend`, by torch's operation; its fast kernels want a dimension for the heads."""
    batch = len(q) if bias is None else len(bias)
    q, k, v = (x.unflatten(0, (batch, -1)) for x in (q, k, v))
    mask = None if bias is None else bias[:, None]
    out: Tensor = F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=bias is None, scale=1.0
    )
    return out.flatten(0, 1)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Attention of scaled queries [batch * heads, rows, head] over keys and values, [.., tokens,
    head]; causal, or with `bias` [batch, rows, tokens] added to the scores of every head.
    """
    if q.is_cuda:
        return fused(q, k, v, bias)
    attended: Tensor = _Attend.apply(q, k, v, bias)
    return attended
