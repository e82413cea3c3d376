"""Proves the kernels on the GPU at hand, before anybody trusts what they say.

A compiler or a driver may make of a kernel what is not written there. So a few layers of the very
model, one for each set of formats in it, run through the kernels and through the reference.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from torch import Tensor

from sticli.daemon.engines.base import Row, Seq
from sticli.daemon.engines.gpu.batch import Inputs, Placed, build, inputs
from sticli.daemon.engines.gpu.model import KvType, Model
from sticli.daemon.engines.gpu.staging import Staging
from sticli.daemon.engines.gpu.weights import Layer
from sticli.daemon.engines.gpu.work import Heads
from sticli.kernels.device import processors, referring
from sticli.kernels.operands import CELLS, TILE, Dense, Packed, Pool, Weight
from sticli.kernels.tiled import MANY

COUNTS = (3, 20, 100, MANY + 44)  # tokens: each takes other kernels
WORDS = 32 * TILE  # of the vocabulary: as good as all of it
# What numbers of 16 and of 8 bits lose in a few layers is a few hundredths; a kernel that computes
# something else is off by about 1.
CLOSE = 0.1


def prove(model: Model, kv_type: KvType, step: Callable[[], None]) -> float:
    """The largest difference of logits from the reference's, relative to their size.

    `step` is called after each of `COUNTS`.

    Raises:
        RuntimeError: it is too large.
    """
    few, worst = _sample(model), 0.0
    for count in COUNTS:
        worst = max(worst, _difference(few, count, kv_type), key=_or_inf)
        step()
    if not worst < CLOSE:
        raise RuntimeError(f"its kernels compute something else on this GPU: off by {worst:.2g}")
    return worst


def _or_inf(number: float) -> float:
    return math.inf if math.isnan(number) else number


def _sample(model: Model) -> Model:
    """The model with few words, and one layer for every set of formats and every window."""
    whole, weights = model.hparams, model.layers.weights
    kinds: dict[object, int] = {}
    for number, layer in enumerate(weights.layers):
        kinds.setdefault((_formats(layer), whole.windows[number]), number)
    windows = tuple(whole.windows[number] for number in kinds.values())
    words = min(WORDS, whole.vocabulary)
    shape = replace(whole, layers=len(kinds), vocabulary=words, windows=windows)
    some = replace(
        weights,
        embedding=_first(weights.embedding, words),
        layers=tuple(weights.layers[number] for number in kinds.values()),
        head=(_first(weights.head[0], words),),
    )
    return replace(model, hparams=shape, layers=replace(model.layers, hparams=shape, weights=some))


def _formats(layer: Layer) -> tuple[str, ...]:
    parts: Iterable[Weight] = (*layer.qkv, *layer.output, *layer.up, *layer.down)
    return tuple(
        part.format.name if isinstance(part, Packed) else str(part.values.dtype) for part in parts
    )


def _first(table: Weight, rows: int) -> Weight:
    """The first rows of a matrix."""
    if isinstance(table, Dense):
        return Dense(table.values[:rows])
    tiles = -(-rows // TILE)
    return replace(
        table,
        rows=rows,
        planes=table.planes[:tiles],
        scales=table.scales[:tiles],
        mins=None if table.mins is None else table.mins[:tiles],
        supers=None if table.supers is None else table.supers[:tiles],
    )


def _difference(model: Model, count: int, kv_type: KvType) -> float:
    """Of the logits of the last token of so many, and of one that follows them in another pass."""
    tokens = np.random.default_rng(count).integers(0, model.hparams.vocabulary, count + 1).tolist()
    pools = [model.pool(count // CELLS + 1, kv_type) for _ in range(2)]
    for part in (part for pool in pools for part in pool.parts):
        part.zero_()  # memory that was never used holds anything
    worst = 0.0
    for at, part in ((0, tokens[:count]), (count, tokens[count:])):
        given = _inputs(model, part, at)
        ours = _forward(model, given, pools[0])
        with referring():
            theirs = _forward(model, given, pools[1])
        worst = max(worst, float((ours - theirs).norm() / theirs.norm()), key=_or_inf)
    return worst


def _inputs(model: Model, tokens: list[int], start: int) -> Inputs:
    """A pass of one row, whose tokens lie in the first blocks, one after the other."""
    end = start + len(tokens)
    firsts = np.arange(0, end, CELLS, dtype=np.int32)
    table = np.stack((firsts // CELLS, firsts, np.minimum(end - firsts, CELLS)), 1)
    row = Placed(Row(Seq(0), tokens, start, "last"), [(start, len(tokens))], table)
    heads = Heads(model.hparams.heads, model.hparams.kv_heads)
    batch = build([row], model.windows, heads, processors(model.device))
    return inputs(model.windows, Staging(model.device).send(batch.arrays()))


def _forward(model: Model, given: Inputs, pool: Pool) -> Tensor:
    return model.forward(
        given.tokens, given.positions, given.slots, given.works, given.wanted, pool
    )
