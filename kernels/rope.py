"""Rotation of queries and keys, fused with the writing of keys and values to their cells.

The idea: one program takes one head of one token, from the pieces of the product to its cell, so
bias, norm, rotation and rounding cost no launch and no memory of their own. Floor: the bytes of
the pieces, once.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from sticli.kernels import reference
from sticli.kernels.columns import round_even
from sticli.kernels.device import launches
from sticli.kernels.operands import Pool, Rope


@triton.jit(
    do_not_specialize=["tokens", "layer"],
    do_not_specialize_on_alignment=["positions", "slots"],  # they may be slices of one copy
)
def _rope_write(
    pieces,
    bias,
    query_norm,
    key_norm,
    cos,
    sin,
    positions,
    slots,
    queries,
    cells,
    scales,  # of 8-bit cells
    tokens,
    layer,
    layers,
    epsilon,
    QUERIES: tl.constexpr,  # heads
    KV: tl.constexpr,  # heads of keys, and as many of values
    HEAD: tl.constexpr,  # numbers in a head
    PAIRS: tl.constexpr,  # that are rotated
    INTERLEAVED: tl.constexpr,
    PIECES: tl.constexpr,
    SIZE: tl.constexpr,  # a power of two, at least HEAD
):
    token, head = tl.program_id(0), tl.program_id(1)
    d = tl.arange(0, SIZE)
    pair, partner, sign = _partners(d, PAIRS, INTERLEAVED)
    inside, turned = d < HEAD, d < 2 * PAIRS
    HEADS: tl.constexpr = QUERIES + 2 * KV
    # Loaded before they are needed: each of them takes longer to come than all that is computed.
    angle = tl.load(positions + token) * PAIRS + pair
    c = tl.load(cos + angle, mask=turned, other=1.0)
    s = tl.load(sin + angle, mask=turned, other=0.0) * sign
    x = _head(pieces, bias, token, tokens, head, d, inside, HEADS, HEAD, PIECES)
    if head < QUERIES + KV:
        other = _head(pieces, bias, token, tokens, head, partner, turned, HEADS, HEAD, PIECES)
        if query_norm is not None:
            norm = query_norm if head < QUERIES else key_norm
            factor = tl.load(norm + d, mask=inside, other=0.0).to(tl.float32)
            others = tl.load(norm + partner, mask=turned, other=0.0).to(tl.float32)
            scale = tl.rsqrt(tl.sum(x * x, axis=0) / HEAD + epsilon)
            x *= scale * factor
            other *= scale * others
        x = x * c + other * s
    if head < QUERIES:
        place = (token * QUERIES + head) * HEAD + d
        tl.store(queries + place, x.to(queries.dtype.element_ty), mask=inside)
    else:
        slot = tl.load(slots + token)
        if slot >= 0:  # else the token is padding
            # [blocks, layers, 2, kv heads, 64 cells, head size]; pools are larger than 2^31
            block = (slot // 64).to(tl.int64) * layers + layer
            cell = (block * (2 * KV) + head - QUERIES) * 64 + slot % 64
            _write(cells, scales, cell, x, d, inside, HEAD)


@triton.jit
def _partners(d, PAIRS: tl.constexpr, INTERLEAVED: tl.constexpr):
    """The pair that number d of a head turns in, the other number of it, and that one's sign."""
    if INTERLEAVED:
        return d // 2, d ^ 1, tl.where(d % 2 == 0, -1.0, 1.0)
    upper = d >= PAIRS
    partner = tl.where(upper, d - PAIRS, d + PAIRS)
    return tl.minimum(d, partner), partner, tl.where(upper, 1.0, -1.0)


@triton.jit
def _write(cells, scales, cell, x, d, inside, HEAD: tl.constexpr):
    """Store one head in one cell; 8-bit cells are whole multiples of the scale beside them."""
    if scales is not None:
        scale = (tl.max(tl.abs(x), axis=0) / 127).to(tl.float16)
        tl.store(scales + cell, scale)
        # Divide by the scale as it was stored: rounded to f16, or down to 0.
        scale = tl.where(scale > 0, scale.to(tl.float32), 1.0)
        x = tl.clamp(round_even(x / scale), -127.0, 127.0)
    tl.store(cells + cell * HEAD + d, x.to(cells.dtype.element_ty), mask=inside)


@triton.jit
def _head(
    pieces,
    bias,
    token,
    tokens,
    head,
    d,
    inside,
    HEADS: tl.constexpr,
    HEAD: tl.constexpr,
    PIECES: tl.constexpr,
):
    """Numbers d of one head of one token: the sum of the pieces and the bias."""
    place = (token * HEADS + head) * HEAD + d
    x = tl.load(pieces + place, mask=inside, other=0.0)
    for piece in tl.static_range(1, PIECES):
        x += tl.load(pieces + piece * tokens * (HEADS * HEAD) + place, mask=inside, other=0.0)
    if bias is not None:
        x += tl.load(bias + head * HEAD + d, mask=inside, other=0.0).to(tl.float32)
    return x


def rope_write(
    pieces: Tensor,
    bias: Tensor | None,
    norms: tuple[Tensor, Tensor] | None,
    epsilon: float,
    rope: Rope,
    positions: Tensor,
    slots: Tensor,
    pool: Pool,
    layer: int,
    *,
    dtype: torch.dtype,
) -> Tensor:
    """Rotate queries and keys and write keys and values to their cells; return the queries.

    As the reference says; `positions` and `slots` are i32, and queries of `dtype`. A token whose
    slot is below 0 is padding: its keys and values are not written.
    """
    if not launches(pieces):
        return reference.rope_write(
            pieces, bias, norms, epsilon, rope, positions, slots, pool, layer
        )
    _, layers, _, kv_heads, _, size = pool.cells.shape
    count, tokens, width = pieces.shape
    heads = width // size
    queries = torch.empty((tokens, heads - 2 * kv_heads, size), dtype=dtype, device=pieces.device)
    _rope_write[(tokens, heads)](
        pieces,
        bias,
        *((None, None) if norms is None else norms),
        rope.cos,
        rope.sin,
        positions,
        slots,
        queries,
        pool.cells,
        pool.scales,
        tokens,
        layer,
        layers,
        epsilon,
        QUERIES=heads - 2 * kv_heads,
        KV=kv_heads,
        HEAD=size,
        PAIRS=rope.cos.shape[1],
        INTERLEAVED=rope.interleaved,
        PIECES=count,
        SIZE=triton.next_power_of_2(size),
        num_warps=1,
    )
    return queries
