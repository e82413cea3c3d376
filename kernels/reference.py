"""Every operation in plain torch: what the kernels compute, and what runs where there is no GPU.

Numbers are f32 here whatever the operands hold. The kernels beside this file must agree with it.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from sticli.kernels.operands import (
    BLOCK,
    CELLS,
    Activations,
    Columns,
    Dense,
    Packed,
    Pool,
    Rope,
    Weight,
    Work,
)


def dequantise(weight: Weight) -> Tensor:
    """The numbers that weights stand for: f32 [rows, columns]."""
    if isinstance(weight, Dense):
        return weight.values.float()
    form = weight.format
    groups = [_numbers(weight, group) for group in range(8)]
    numbers = torch.stack(groups, 2).float()  # [tiles, blocks, 8, 32 rows, 32]
    # Groups as scales have them: [tiles, blocks, form.groups, 32 rows, form.group columns]
    split = numbers.unflatten(4, (-1, form.group)).transpose(3, 4).flatten(2, 3)
    values = split * _scales(weight, weight.scales, 0)[..., None]
    if weight.mins is not None:
        mins = _scales(weight, weight.mins, 1)[..., None]
        values = values - mins if form.supers else values + mins
    rows = values.permute(0, 3, 1, 2, 4).flatten(2).flatten(0, 1)  # [tiles · 32, blocks · 256]
    return rows[: weight.rows, : weight.columns].contiguous()


def _numbers(weight: Packed, group: int) -> Tensor:
    """The integers of one group of 32 columns: [tiles, blocks, 32 rows, 32]."""
    form, planes = weight.format, weight.planes
    if form.low == 8:
        return planes[:, :, group].view(torch.int8).int()
    number = _field(planes, 0, form.low, group)
    if form.high:
        number += _field(planes, form.low, form.high, group) << form.low
    return number - form.offset


def _field(planes: Tensor, first: int, bits: int, group: int) -> Tensor:
    """A group's field of `bits` bits, in the planes that begin at `first`."""
    plane, place = divmod(group, 8 // bits)
    return ((planes[:, :, first + plane].int() ^ 0x80) >> bits * place) & ((1 << bits) - 1)


def _scales(weight: Packed, scales: Tensor, which: int) -> Tensor:
    """Scales or mins as numbers: [tiles, blocks, groups, 32 rows]."""
    if weight.supers is None:
        return scales.float()
    return scales.float() * weight.supers[:, :, which : which + 1].float()


def quantise(x: Tensor, planes: int, width: int) -> Columns:
    """Activations of shape [tokens, columns] as integers; columns are padded to whole blocks."""
    tokens = len(x)
    blocks = functional.pad(x.float(), (0, -x.shape[1] % BLOCK)).unflatten(1, (-1, BLOCK))
    values = x.new_zeros((blocks.shape[1], width, BLOCK), dtype=torch.int8)
    scales = x.new_zeros((blocks.shape[1], width), dtype=torch.float32)
    for plane in range(planes):
        at = slice(plane * width // 2, plane * width // 2 + tokens)
        scale = blocks.abs().amax(2) / 127
        rounded = torch.round(blocks / torch.where(scale > 0, scale, 1.0)[..., None])
        values[:, at] = rounded.to(torch.int8).transpose(0, 1)
        scales[:, at] = scale.T
        blocks = blocks - rounded * scale[..., None]  # what rounding left, for the next plane
    sums = values.unflatten(2, (16, 16)).sum(3, dtype=torch.int32).transpose(1, 2).contiguous()
    return Columns(planes, values.unflatten(2, (8, 32)).transpose(1, 2).contiguous(), scales, sums)


def restore(columns: Columns, tokens: int) -> Tensor:
    """What the integers stand for: f32 [tokens, columns]."""
    values = columns.values.transpose(1, 2).flatten(2) * columns.scales[..., None]
    rows = values.transpose(0, 1).flatten(1)
    at = columns.width // 2
    rest = rows[at : at + tokens] if columns.planes == 2 else 0.0
    return rows[:tokens] + rest


def embed(ids: Tensor, table: Weight, scale: float) -> Tensor:
    """Rows of a table by their numbers, times `scale`: f32 [tokens, columns]."""
    return dequantise(table)[ids.long()] * scale


def linear(x: Activations, parts: tuple[Weight, ...]) -> Tensor:
    """The product with weights that stand below each other: f32 [1, tokens, rows of all].

    Kernels may give a sum in several pieces: f32 [pieces, tokens, rows of all].
    """
    return torch.cat([x.values.float() @ dequantise(part).T for part in parts], 1)[None]


def rms_norm(
    residual: Tensor,
    update: Tensor | None,
    weight: Tensor,
    epsilon: float,
    after: Tensor | None = None,
) -> Activations:
    """Add an update to the residual, f32 [tokens, width], in place; return what it normalises to.

    `update` comes in pieces, [pieces, tokens, width]; with `after` it is normalised by itself.
    """
    if update is not None:
        total = update.sum(0)
        residual += total if after is None else _norm(total, after, epsilon)
    return Activations(_norm(residual, weight, epsilon))


def _norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * weight


def glu(pieces: Tensor, kind: str) -> Activations:
    """Gate times rest, [tokens, width], of [pieces, tokens, 2 · width]; kind is silu or gelu."""
    gate, rest = pieces.sum(0).chunk(2, 1)
    if kind == "silu":
        return Activations(functional.silu(gate) * rest)
    return Activations(functional.gelu(gate, approximate="tanh") * rest)


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
) -> Tensor:
    """Rotate queries and keys and write keys and values to their cells; return the queries.

    `pieces` are queries, keys and values of all heads, [pieces, tokens, heads · head size], to
    which `bias` is added. `norms` are the weights, [head size], by which the heads of queries and
    keys are normalised first. Token t stands at `positions[t]` and owns the cell `slots[t]`,
    counted through all blocks of the pool; padding has a slot below 0 and nothing is written.
    Queries are [tokens, query heads, head size].
    """
    _, _, _, kv_heads, _, size = pool.cells.shape
    heads = (pieces.sum(0) + (0.0 if bias is None else bias)).unflatten(1, (-1, size))
    queries, keys, values = heads.split([heads.shape[1] - 2 * kv_heads, kv_heads, kv_heads], 1)
    if norms is not None:
        queries, keys = _norm(queries, norms[0], epsilon), _norm(keys, norms[1], epsilon)
    queries, keys = (rotate(item, rope, positions) for item in (queries, keys))
    _write(pool, layer, slots.long(), torch.stack((keys, values), 1))
    return queries


def rotate(heads: Tensor, rope: Rope, positions: Tensor) -> Tensor:
    """Turn the first dimensions of heads, [tokens, heads, head size], by their positions."""
    cos, sin = (table[positions.long()][:, None] for table in (rope.cos, rope.sin))
    turned = heads[..., : 2 * cos.shape[-1]]
    if rope.interleaved:
        a, b = turned[..., 0::2], turned[..., 1::2]
        pairs = torch.stack((a * cos - b * sin, b * cos + a * sin), -1).flatten(-2)
    else:
        a, b = turned.chunk(2, -1)
        pairs = torch.cat((a * cos - b * sin, b * cos + a * sin), -1)
    return torch.cat((pairs, heads[..., turned.shape[-1] :]), -1)


def _write(pool: Pool, layer: int, slots: Tensor, cells: Tensor) -> None:
    """Store cells, f32 [tokens, 2, kv heads, head size]; a slot below 0 belongs to padding."""
    slots, cells = slots[slots >= 0], cells[slots >= 0]
    block, cell = slots // CELLS, slots % CELLS
    if pool.scales is not None:
        scales = (cells.abs().amax(-1) / 127).half()
        pool.scales[block, layer, :, :, cell] = scales
        cells = torch.round(cells / torch.where(scales > 0, scales, 1.0).float()[..., None])
        cells = cells.clamp(-127, 127)
    pool.cells[block, layer, :, :, cell] = cells.to(pool.cells.dtype)


def attend(
    queries: Tensor, pool: Pool, layer: int, work: Work, scale: float, softcap: float, window: int
) -> Activations:
    """Attention of queries, [tokens, query heads, head size], to their cells: [tokens, all heads].

    A token sees the cells of its items at its own position and before; with a `window` only the
    last so many. With `softcap` a score s becomes softcap · tanh(s / softcap). A token without
    items, which only fills the pass up, gets zeros.
    """
    top = queries.new_full(queries.shape[:2], -math.inf, dtype=torch.float32)
    total, result = torch.zeros_like(top), torch.zeros_like(queries, dtype=torch.float32)
    for tile, first, count in work.items[: int(work.counts[0])].tolist():
        rows = work.tiles[tile]
        rows = rows[rows >= 0].long()
        keys, values, places = _gather(pool, layer, work.table[first : first + count])
        scores = _scores(queries[rows].float() * scale, keys, softcap)
        behind = work.positions[rows][:, None] - places
        seen = (behind >= 0) & (behind < window) if window else behind >= 0
        scores = scores.masked_fill(~seen[:, None], -math.inf)
        peak = torch.maximum(top[rows], scores.amax(-1))
        safe = torch.where(peak.isfinite(), peak, 0.0)  # a token may see nothing of an item
        before, weights = torch.exp(top[rows] - safe), torch.exp(scores - safe[..., None])
        total[rows] = total[rows] * before + weights.sum(-1)
        grouped = weights.unflatten(1, (keys.shape[1], -1))
        seen_values = torch.einsum("thgc,chd->thgd", grouped, values).flatten(1, 2)
        result[rows] = result[rows] * before[..., None] + seen_values
        top[rows] = peak
    total = torch.where(total > 0, total, 1.0)
    return Activations((result / total[..., None]).flatten(1))


def _scores(queries: Tensor, keys: Tensor, softcap: float) -> Tensor:
    """[tokens, heads, cells] of [tokens, heads, size] and [cells, kv heads, size]."""
    grouped = queries.unflatten(1, (keys.shape[1], -1))
    scores = torch.einsum("thgd,chd->thgc", grouped, keys).flatten(1, 2)
    return softcap * torch.tanh(scores / softcap) if softcap else scores


def _gather(pool: Pool, layer: int, table: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Keys and values, [cells, kv heads, size], and positions, [cells], of a run of blocks."""
    blocks, firsts, counts = table.long().unbind(1)
    cells = pool.cells[blocks, layer].float()
    if pool.scales is not None:
        cells = cells * pool.scales[blocks, layer].float()[..., None]
    place = torch.arange(CELLS, device=table.device)
    used = place < counts[:, None]
    keys, values = (cells[:, which].transpose(1, 2)[used] for which in (0, 1))
    return keys, values, (firsts[:, None] + place)[used]


def top(logits: Tensor, count: int, allowed: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The `count` largest of logits, f32 [rows, vocabulary], and their numbers, largest first.

    Of equals the lower number comes first. `allowed`, u8 [rows, bytes], has one bit a token, the
    lowest first; tokens without it count as -inf. A NaN is larger than all.
    """
    if allowed is not None:
        bits = (allowed[..., None] >> torch.arange(8, device=logits.device)) & 1
        inside = bits.flatten(1)[:, : logits.shape[1]].bool()
        logits = logits.masked_fill(~inside, -math.inf)
    logits = logits.masked_fill(logits.isnan(), math.nan)  # CUDA sorts negative ones to the end
    values, numbers = torch.sort(logits, dim=1, descending=True, stable=True)
    return values[:, :count], numbers[:, :count].int()
