"""A model of random weights and a pool of random cells, to time whole passes of the GPU engine."""

from collections.abc import Callable, Iterable, Sequence

import torch

from sticli.bench import kinds
from sticli.bench.gpu import matrices
from sticli.bench.shapes import Shape
from sticli.daemon.engines.base import Row, Seq
from sticli.daemon.engines.gpu import ropes
from sticli.daemon.engines.gpu.batch import Placed
from sticli.daemon.engines.gpu.cells import Cells, spare_blocks, within
from sticli.daemon.engines.gpu.layers import Layers
from sticli.daemon.engines.gpu.model import Model, cell_bytes
from sticli.daemon.engines.gpu.passes import Passes
from sticli.daemon.engines.gpu.scores import split
from sticli.daemon.engines.gpu.weights import Layer, Weights
from sticli.kernels import packing
from sticli.kernels.operands import Weight
from sticli.models.hparams import HParams, Rotation

CONTEXT = 131072
FILL = 64  # blocks that are filled at a time
SHARE = 0.8  # of the memory that the weights leave: the rest is for what passes compute


class Rig:
    """Sequences whose cells hold random numbers: a pass over them costs what any pass does."""

    def __init__(self, shape: Shape, kind: str, cells: int, device: torch.device) -> None:
        """The weights, and at most `cells` cells: fewer where the memory ends before.

        Raises:
            torch.OutOfMemoryError: the device does not hold the weights.
        """
        hparams = _hparams(shape)
        weights = _weights(shape, kind, device)
        tables = {0: ropes.rope(hparams.rotations[0], None, CONTEXT, device)}
        self.shape, self.kind = shape, kind
        layers = Layers(hparams, weights, tables, matrices.half(kind, device))
        self.model = Model(hparams, device, layers)
        self.weight_bytes = _read(weights)
        self.cell_bytes = cell_bytes(hparams, "f16")
        # Weights that every token meets, and those that only the last one of a row does.
        end = weights.layers[-1]
        self.last_numbers = _numbers([*end.up, *end.down, *weights.head])
        every = [part for layer in weights.layers for part in _parts(layer)]
        self.numbers = _numbers([*every, *weights.head]) - self.last_numbers
        cells = min(cells, _room(device, self.cell_bytes))
        self.cells = Cells(cells, spare_blocks(cells))
        self._pool = self.model.pool(self.cells.blocks, "f16")
        for part in self._pool.cells.split(FILL):
            part.normal_()
        self._passes = Passes(self.model, self._pool)

    def context(self, length: int, room: int) -> Seq:
        """A sequence of so many cells, not computed but claimed, and room for more.

        Raises:
            Exhausted: the pool does not hold it.
        """
        seq = self.cells.open(length + room)
        if length:
            self.cells.append(seq, length)
        return seq

    def step(self, seqs: Sequence[Seq], tokens: int) -> Callable[[], object]:
        """A pass of `tokens` new tokens behind each sequence, the last one's logits read."""
        words = [n % self.shape.vocabulary for n in range(tokens)]

        def run() -> object:
            rows = [Row(seq, words, self.cells.sequences[seq].length, "last") for seq in seqs]
            placed = [self._placed(row) for row in rows]
            outcome = list(split(rows, *self._passes.compute(placed)))
            for row in rows:
                self.cells.cut(row.seq, row.start)
            return outcome

        return run

    def _placed(self, row: Row) -> Placed:
        runs = self.cells.append(row.seq, len(row.tokens))
        return Placed(row, runs, self.cells.sequences[row.seq].table)


def _hparams(shape: Shape) -> HParams:
    rotation = Rotation(
        dimensions=shape.head_size,
        base=500000.0,
        scale=1.0,
        interleaved=shape.architecture == "llama",
        original=CONTEXT,
        kind="none",
        magnitude=1.0,
    )
    return HParams(
        architecture=shape.architecture,
        layers=shape.layers,
        width=shape.width,
        forward=shape.forward,
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        head_size=shape.head_size,
        vocabulary=shape.vocabulary,
        context=CONTEXT,
        epsilon=1e-5,
        glu="silu",
        head_norms=shape.architecture == "qwen3",
        after_norms=False,
        embedding_scale=1.0,
        attention_scale=shape.head_size**-0.5,
        attention_softcap=0.0,
        softcap=0.0,
        windows=(0,) * shape.layers,
        rotations={0: rotation},
    )


def _weights(shape: Shape, kind: str, device: torch.device) -> Weights:
    embedding = _matrix(shape, kind, "token_embd", 0, shape.vocabulary, shape.width, device)
    output = (
        embedding
        if shape.tied
        else _matrix(shape, kind, "output", 0, shape.vocabulary, shape.width, device)
    )
    layers = tuple(_layer(shape, kind, number, device) for number in range(shape.layers))
    return Weights(embedding, layers, torch.ones(shape.width, device=device), (output,), None)


def _layer(shape: Shape, kind: str, number: int, device: torch.device) -> Layer:
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    one = torch.ones(shape.width, device=device)
    heads = torch.ones(shape.head_size, device=device)

    def matrix(name: str, rows: int, columns: int) -> Weight:
        return _matrix(shape, kind, name, number, rows, columns, device)

    return Layer(
        attention_norm=one,
        qkv=packing.join(
            [
                matrix("attn_q", queries, shape.width),
                matrix("attn_k", keys, shape.width),
                matrix("attn_v", keys, shape.width),
            ]
        ),
        bias=None,
        head_norms=(heads, heads) if shape.architecture == "qwen3" else None,
        output=(matrix("attn_output", shape.width, queries),),
        after_attention=None,
        forward_norm=one,
        up=packing.join(
            [matrix(name, shape.forward, shape.width) for name in ("ffn_gate", "ffn_up")]
        ),
        down=(matrix("ffn_down", shape.width, shape.forward),),
        after_forward=None,
    )


def _matrix(
    shape: Shape, kind: str, name: str, layer: int, rows: int, columns: int, device: torch.device
) -> Weight:
    chosen = kinds.kind_of(kind, name, layer, shape.layers)
    return matrices.weight(chosen, rows, columns, device)


def _room(device: torch.device, cell_bytes: int) -> int:
    """Cells that the memory left by the weights holds, with their spare blocks."""
    if device.type == "cpu":
        return 1 << 20
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(device)
    return within(int(SHARE * free), cell_bytes)[0]


def _parts(layer: Layer) -> tuple[Weight, ...]:
    """All matrices of a layer."""
    return (*layer.qkv, *layer.output, *layer.up, *layer.down)


def _read(weights: Weights) -> int:
    """Bytes of weights that a pass reads."""
    parts = [part for layer in weights.layers for part in _parts(layer)]
    return sum(map(matrices.size, [*parts, *weights.head]))


def _numbers(parts: Iterable[Weight]) -> int:
    """Weights that a token is multiplied with."""
    return sum(part.rows * part.columns for part in parts)
