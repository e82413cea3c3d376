"""Rows of the embedding table, taken by number: only the rows asked for are unpacked.

Floor: the bytes of those rows and of the result; a few microseconds, all of them latency, so
programs are many and small, with all their loads under way at once.
"""

import torch
import triton
from torch import Tensor
from triton import language as tl

from sticli.kernels import bits, reference
from sticli.kernels.device import launches
from sticli.kernels.operands import BLOCK, Dense, Weight

TOKENS = 8  # a program


def embed(ids: Tensor, table: Weight, scale: float) -> Tensor:
    """Rows of a table by their numbers, times `scale`: f32 [tokens, columns]."""
    if not launches(ids):
        return reference.embed(ids, table, scale)
    tokens, columns = len(ids), table.columns
    out = torch.empty((tokens, columns), dtype=torch.float32, device=ids.device)
    grid = (triton.cdiv(tokens, TOKENS), triton.cdiv(columns, BLOCK))
    if isinstance(table, Dense):
        _dense_kernel[grid](ids, table.values, out, tokens, columns, scale, TOKENS, num_warps=4)
        return out
    _packed_kernel[grid](
        ids,
        *(table.planes, table.scales, table.mins, table.supers),
        out,
        *(tokens, columns, scale),
        **bits.constants(table),
        TOKENS=TOKENS,
        num_warps=1,
    )
    return out


@triton.jit(do_not_specialize=["tokens"])
def _dense_kernel(
    ids,  # i32 or i64 [tokens]
    values,  # [rows, columns]
    out,  # f32 [tokens, columns]
    tokens,
    columns,
    scale,
    TOKENS: tl.constexpr,
):
    token = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    column = tl.program_id(1) * 256 + tl.arange(0, 256)
    row = tl.load(ids + token, token < tokens, other=0).to(tl.int64)
    inside = (token < tokens)[:, None] & (column < columns)
    numbers = tl.load(values + row[:, None] * columns + column, inside, other=0.0)
    at = out + token.to(tl.int64)[:, None] * columns + column
    tl.store(at, numbers.to(tl.float32) * scale, inside)


@triton.jit(do_not_specialize=["tokens"])
def _packed_kernel(
    ids,  # i32 or i64 [tokens]
    planes,
    scales,
    mins,
    supers,
    out,  # f32 [tokens, columns]
    tokens,
    columns,
    scale,
    LOW: tl.constexpr,
    HIGH: tl.constexpr,
    OFFSET: tl.constexpr,
    GROUP: tl.constexpr,
    TOKENS: tl.constexpr,
):
    token = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    block = tl.program_id(1)
    row = tl.load(ids + token, token < tokens, other=0).to(tl.int64)
    for group in tl.static_range(8):
        numbers = bits.values(
            *(planes, scales, mins, supers, row, block, tl.num_programs(1), 0),
            *(group, LOW, HIGH, OFFSET, GROUP),
        )
        column = block * 256 + group * 32 + tl.arange(0, 32)
        at = out + token.to(tl.int64)[:, None] * columns + column
        tl.store(at, numbers * scale, (token < tokens)[:, None] & (column < columns))
