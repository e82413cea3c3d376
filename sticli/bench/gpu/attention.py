"""Attention alone: ours over lists of work, torch's over the same cells laid out for it."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional
from torch.nn.attention.bias import causal_lower_right

from sticli.bench.gpu.case import Case
from sticli.bench.gpu.stopwatch import Call, copies
from sticli.bench.shapes import Shape
from sticli.daemon.engines.gpu import work
from sticli.daemon.engines.gpu.sharing import Span
from sticli.daemon.engines.gpu.work import Heads
from sticli.kernels.attention import attend
from sticli.kernels.device import processors
from sticli.kernels.operands import CELLS, SKINNY, Pool, Work

DECODES = ((1, 8192), (1, 32768), (4, 8192), (16, 8192))
FORKS = ((8, 32768), (32, 32768))
CHUNK = 512


def cases(shape: Shape, device: torch.device) -> Iterator[Case]:
    """Decoding alone and in a crowd, forks of one context, and a chunk of a prompt."""
    small = device.type != "cuda"
    for rows, context in ((1, 256), (2, 256)) if small else DECODES:
        yield _case(f"decode {context}", shape, rows, context, 1, False, device)
    for rows, context in ((4, 1280),) if small else FORKS:
        yield _case(f"forks of {context}", shape, rows, context, 1, True, device)
    context = 256 if small else 8192
    yield _case(f"chunk behind {context}", shape, 1, context, 32 if small else CHUNK, False, device)


def _case(
    name: str, shape: Shape, rows: int, context: int, tokens: int, forks: bool, device: torch.device
) -> Case:
    total, size = rows * tokens, shape.head_size
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    spans, blocks = _spans(rows, context, tokens, forks)
    cells = context + total if forks else rows * (context + tokens)
    read = cells * 2 * shape.kv_heads * size * dtype.itemsize
    layers = copies(read, device)  # each call reads another layer, as those of a pass do
    where = (blocks, layers, 2, shape.kv_heads, CELLS, size)
    pool = Pool(torch.randn(where, device=device, dtype=dtype))
    lists = _lists(spans, shape, device)
    queries = torch.randn(total, shape.heads, size, device=device, dtype=dtype)
    pairs = rows * tokens * (context + tokens / 2)
    return Case(
        f"{name} · {total}",
        read,
        4.0 * shape.heads * size * pairs,
        lambda n: attend(
            queries,
            pool,
            n,
            lists,
            size**-0.5,
            0.0,
            0,
            columns=total <= SKINNY,
            dtype=dtype,
        ),
        _sdpa(shape, rows, context, tokens, layers, device, dtype),
        layers,
    )


def _spans(rows: int, context: int, tokens: int, forks: bool) -> tuple[list[Span], int]:
    """Rows behind contexts of their own, or behind one, each with its tail in fresh blocks."""
    own = -(-context // CELLS)
    tail = -(-tokens // CELLS)
    spans, above = [], own if forks else 0
    for row in range(rows):
        begin = 0 if forks else above
        above += 0 if forks else own
        blocks = [*range(begin, begin + own), *range(above, above + tail)]
        above += tail
        firsts = [*range(0, context, CELLS), *range(context, context + tokens, CELLS)]
        counts = np.diff([*firsts, context + tokens])
        table = np.stack((blocks, firsts, counts), 1).astype(np.int32)
        spans.append(Span(row * tokens, tokens, context, table))
    return spans, above


def _lists(spans: list[Span], shape: Shape, device: torch.device) -> Work:
    lists = work.build(spans, 0, Heads(shape.heads, shape.kv_heads), processors(device))
    positions = np.concatenate([span.places for span in spans]).astype(np.int32)
    names = ("tiles", "items", "table", "starts", "merges", "counts")
    arrays = [positions, *(getattr(lists, name) for name in names)]
    return Work(*(torch.from_numpy(np.ascontiguousarray(one)).to(device) for one in arrays))


def _sdpa(
    shape: Shape,
    rows: int,
    context: int,
    tokens: int,
    layers: int,
    device: torch.device,
    dtype: torch.dtype,
) -> Call:
    """The same in torch, which has each row's cells in one piece."""
    size, cells = shape.head_size, context + tokens
    queries = torch.randn(rows, shape.heads, tokens, size, device=device, dtype=dtype)
    where = (layers, 2, rows, shape.kv_heads, cells, size)
    both = torch.randn(where, device=device, dtype=dtype)
    mask = causal_lower_right(tokens, cells) if tokens > 1 else None
    return lambda n: functional.scaled_dot_product_attention(
        queries, both[n, 0], both[n, 1], attn_mask=mask, enable_gqa=True
    )
