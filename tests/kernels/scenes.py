"""Random pools of cells, and rows of a pass that see parts of them, for the tests of attention."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sticli.daemon.engines.gpu.sharing import Span
from sticli.daemon.engines.gpu.work import Heads, Lists
from sticli.kernels.operands import CELLS, Pool, Work

Table = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Scene:
    """What attention is given, and what its cells stand for."""

    pool: Pool  # NaN, or 127 and a scale of NaN, wherever nobody has written
    rows: list[Span]
    queries: Tensor  # [tokens, query heads, size]
    numbers: Tensor  # f32 [blocks, 2, kv heads, 64, size] of layer 1, zero where nobody has written
    heads: Heads


def scene(
    lengths: Sequence[tuple[int, int, int]],
    heads: Heads,
    size: int,
    dtype: torch.dtype,
    *,
    device: torch.device,
    seed: int = 1,
) -> Scene:
    """Rows of (cells shared with row 0, cells in all, tokens at the end of them).

    What a row shares it has in the blocks of row 0, the last one perhaps with a smaller count; its
    own cells begin in a fresh block. Cells are of `dtype`; queries f16 where cells are integers.
    """
    tables: list[Table] = []
    used = 1  # block 0 belongs to nobody
    for shared, cells, _ in lengths:
        prefix = prefix_of(tables[0], shared) if shared else np.zeros((0, 3), np.int32)
        tables.append(np.concatenate((prefix, fresh(used, shared, cells - shared))))
        used = max(used, int(tables[-1][:, 0].max()) + 1)
    counts = [tokens for _, _, tokens in lengths]
    firsts = np.cumsum([0, *counts])[:-1].tolist()
    rows = [
        Span(first, count, cells - count, table)
        for first, count, (_, cells, _), table in zip(firsts, counts, lengths, tables, strict=True)
    ]
    pool, numbers = _pool(used, tables, heads, size, dtype, device, seed)
    queries = torch.randn((sum(counts), heads.query, size), generator=_seeded(seed + 1))
    number = torch.float16 if dtype == torch.int8 else dtype
    return Scene(pool, rows, queries.to(device, number), numbers, heads)


def fresh(block: int, position: int, cells: int) -> Table:
    """Whole blocks of a row's own from `block` on, numbered backwards so that order shows."""
    places = np.arange(0, cells, CELLS)
    blocks = block + np.arange(len(places))[::-1]
    return np.stack((blocks, position + places, np.minimum(cells - places, CELLS)), 1).astype(
        np.int32
    )


def prefix_of(table: Table, cells: int) -> Table:
    """The first so many cells of a table."""
    prefix = table[table[:, 1] < cells].copy()
    prefix[-1, 2] = cells - prefix[-1, 1]
    return prefix


def work_of(lists: Lists, rows: Sequence[Span], device: torch.device) -> Work:
    """The lists on a device; tokens that only fill the pass up stand at position 0."""
    positions = torch.zeros(len(lists.starts) - 1, dtype=torch.int32)
    for row in rows:
        positions[row.tokens] = torch.from_numpy(row.places).int()
    arrays = {item.name: torch.from_numpy(getattr(lists, item.name)) for item in fields(lists)}
    return Work(positions.to(device), **{name: item.to(device) for name, item in arrays.items()})


def truth(scene: Scene, scale: float, softcap: float, window: int) -> Tensor:
    """Attention token by token in f64, straight from the definition: [tokens, heads · size]."""
    group = scene.heads.query // scene.heads.kv
    results = []
    for row in scene.rows:
        cells = torch.cat([scene.numbers[b, :, :, :n] for b, _, n in row.table.tolist()], 2)
        keys, values = cells.double().repeat_interleave(group, 1)  # [heads, cells, size]
        for token, place in zip(row.tokens, row.places, strict=True):
            seen = slice(max(0, place - window + 1) if window else 0, place + 1)
            query = scene.queries[token].double() * scale
            scores = torch.einsum("hd,hcd->hc", query, keys[:, seen])
            scores = softcap * torch.tanh(scores / softcap) if softcap else scores
            results.append(torch.einsum("hc,hcd->hd", scores.softmax(1), values[:, seen]))
    return torch.stack(results).flatten(1)


def _pool(
    blocks: int,
    tables: Sequence[Table],
    heads: Heads,
    size: int,
    dtype: torch.dtype,
    device: torch.device,
    seed: int,
) -> tuple[Pool, Tensor]:
    shape = (blocks, 2, 2, heads.kv, CELLS, size)
    written = torch.zeros((blocks, CELLS), dtype=torch.bool)
    for block, _, count in np.concatenate(tables).tolist():
        written[block, :count] = True
    written = written[:, None, None, None, :]
    numbers = torch.randn(shape, generator=_seeded(seed))
    if dtype == torch.int8:
        cells = torch.where(written[..., None], (numbers * 40).round().clamp(-127, 127), 127.0)
        scales = torch.rand(shape[:-1], generator=_seeded(seed + 2)).half() / 40
        means = cells * scales[..., None].float()
        poisoned = scales.masked_fill(~written, torch.nan)
        pool = Pool(cells.to(device, dtype), poisoned.to(device))
    else:
        means = numbers.to(dtype).float()
        pool = Pool(numbers.masked_fill(~written[..., None], torch.nan).to(device, dtype))
    return pool, means.masked_fill(~written[..., None], 0.0)[:, 1].to(device)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
