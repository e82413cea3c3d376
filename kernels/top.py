"""The largest logits of each row, with the order of equals and of NaN laid down.

The idea: a logit and its number make one 64-bit integer that is ordered as answers are, so the
largest integer is the answer, and it is the only one of its value: taking it away is exact. Some
programs a row each find the largest of a span of the vocabulary, then one program a row finds the
largest of those. Floor: the bytes of the logits, once.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from sticli.kernels import reference
from sticli.kernels.device import launches

SPAN = 2048  # logits a program looks at
MOST = 16  # larger counts are the reference's

LAST = tl.constexpr(-(1 << 63))  # no logit at all, behind all of them
INFINITE = tl.constexpr(0x7F800000)
LOW_31 = tl.constexpr(0x7FFFFFFF)
LOW_32 = tl.constexpr(0xFFFFFFFF)


@triton.jit
def _keys(logits, numbers):
    """Integers ordered as logits are, and of equals by the lower number."""
    bits = (logits + 0.0).to(tl.int32, bitcast=True)  # + 0.0 makes -0.0 what it equals
    # Bits of positive floats are ordered as the floats, those of negative ones the other way.
    order = tl.where(bits < 0, bits ^ LOW_31, bits)
    order = tl.where((bits & LOW_31) > INFINITE, LOW_31, order)  # NaN, of either sign
    return (order.to(tl.int64) << 32) | (numbers.to(tl.int64) ^ LOW_32)


# A single row of logits begins anywhere, where their number is odd.
@triton.jit(do_not_specialize=["length"], do_not_specialize_on_alignment=["logits", "allowed"])
def _spans(logits, allowed, best, vocabulary, length, COUNT: tl.constexpr, SPAN: tl.constexpr):
    """The `COUNT` largest keys of one span of one row: best, i64 [rows, spans, COUNT]."""
    row, span = tl.program_id(0), tl.program_id(1)
    number = span * SPAN + tl.arange(0, SPAN)
    inside = number < vocabulary
    logit = tl.load(logits + row.to(tl.int64) * vocabulary + number, mask=inside, other=0.0)
    if allowed is not None:
        byte = tl.load(allowed + row * length + number // 8, mask=inside, other=0).to(tl.int32)
        logit = tl.where((byte >> (number % 8)) & 1 == 1, logit, -float("inf"))
    keys = tl.where(inside, _keys(logit, number), LAST)
    first = (row * tl.num_programs(1) + span) * COUNT
    for place in tl.static_range(COUNT):
        key = tl.max(keys, axis=0)
        tl.store(best + first + place, key)
        keys = tl.where(keys == key, LAST, keys)


@triton.jit(do_not_specialize=["found"])
def _merge(best, values, numbers, found, COUNT: tl.constexpr, SPAN: tl.constexpr):
    """The `COUNT` largest of the `found` keys of one row, as logits and their numbers."""
    row, candidate = tl.program_id(0), tl.arange(0, SPAN)
    inside = candidate < found
    keys = tl.where(inside, tl.load(best + row * found + candidate, mask=inside, other=0), LAST)
    for place in tl.static_range(COUNT):
        key = tl.max(keys, axis=0)
        order = (key >> 32).to(tl.int32)
        bits = tl.where(order < 0, order ^ LOW_31, order)
        tl.store(values + row * COUNT + place, bits.to(tl.float32, bitcast=True))
        tl.store(numbers + row * COUNT + place, ((key & LOW_32) ^ LOW_32).to(tl.int32))
        keys = tl.where(keys == key, LAST, keys)


def top(logits: Tensor, count: int, allowed: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The `count` largest of logits, f32 [rows, vocabulary], and their numbers, largest first.

    Of equals the lower number comes first. `allowed`, u8 [rows or 1, bytes], has one bit a token,
    the lowest first; tokens without it count as -inf. A NaN is larger than all.
    """
    rows, vocabulary = logits.shape
    count = min(count, vocabulary)
    if count > MOST or not launches(logits):
        return reference.top(logits, count, allowed)
    spans = triton.cdiv(vocabulary, SPAN)
    best = torch.empty((rows, spans, count), dtype=torch.int64, device=logits.device)
    values = torch.empty((rows, count), dtype=torch.float32, device=logits.device)
    numbers = torch.empty((rows, count), dtype=torch.int32, device=logits.device)
    length = 0 if allowed is None else allowed.expand(rows, -1).stride(0)  # 0: one for all rows
    _spans[(rows, spans)](
        logits, allowed, best, vocabulary, length, COUNT=count, SPAN=SPAN, num_warps=8
    )
    _merge[(rows,)](
        best,
        values,
        numbers,
        spans * count,
        COUNT=count,
        SPAN=triton.next_power_of_2(spans * count),
        num_warps=4,
    )
    return values, numbers
