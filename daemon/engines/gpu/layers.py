"""The forward pass through a model's layers: nothing but operations of sticli.kernels."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from sticli.daemon.engines.gpu.weights import Layer, Weights
from sticli.kernels.attention import attend
from sticli.kernels.embed import embed
from sticli.kernels.glu import glu
from sticli.kernels.linear import linear
from sticli.kernels.norm import rms_norm
from sticli.kernels.operands import Packed, Pool, Rope, Weight, Work
from sticli.kernels.rope import rope_write
from sticli.models.hparams import HParams


@dataclass(frozen=True, slots=True)
class Places:
    """Where the tokens of a pass stand, and what they attend to."""

    positions: Tensor  # i32 [tokens]
    slots: Tensor  # i32 [tokens]: their cells, counted through all blocks; -1 for padding
    works: Mapping[int, Work]  # by window
    pool: Pool


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of one model; `dtype` is that of activations."""

    hparams: HParams
    weights: Weights
    ropes: Mapping[int, Rope]  # by window
    dtype: torch.dtype

    def run(self, tokens: Tensor, places: Places, wanted: Tensor) -> Tensor:
        """Compute tokens into their cells; logits, f32 [wanted, vocabulary], of those wanted."""
        weights, shape = self.weights, self.hparams
        residual = embed(tokens, weights.embedding, shape.embedding_scale)
        update, after = None, None
        for number, layer in enumerate(weights.layers):
            update = self._attention(residual, update, after, number, places)
            if layer is weights.layers[-1]:  # all cells are written: only wanted tokens go on
                residual = residual.index_select(0, wanted)
                update = update.index_select(1, wanted)
                if not len(wanted):
                    break
            update = self._forward(residual, update, layer)
            after = layer.after_forward
        return self._logits(residual, update, after)

    def _attention(
        self,
        residual: Tensor,
        update: Tensor | None,
        after: Tensor | None,
        number: int,
        places: Places,
    ) -> Tensor:
        """Add the update to the residual; what attention will add, in pieces."""
        shape, layer = self.hparams, self.weights.layers[number]
        window = shape.windows[number]
        x = rms_norm(
            residual,
            update,
            layer.attention_norm,
            shape.epsilon,
            after,
            columns=packed(layer.qkv),
            dtype=self.dtype,
        )
        queries = rope_write(
            linear(x, layer.qkv),
            layer.bias,
            layer.head_norms,
            shape.epsilon,
            self.ropes[window],
            places.positions,
            places.slots,
            places.pool,
            number,
            dtype=self.dtype,
        )
        seen = attend(
            queries,
            places.pool,
            number,
            places.works[window],
            shape.attention_scale,
            shape.attention_softcap,
            window,
            columns=packed(layer.output),
            dtype=self.dtype,
        )
        return linear(seen, layer.output)

    def _forward(self, residual: Tensor, update: Tensor, layer: Layer) -> Tensor:
        """Add the update to the residual; what the feed-forward network will add, in pieces."""
        x = rms_norm(
            residual,
            update,
            layer.forward_norm,
            self.hparams.epsilon,
            layer.after_attention,
            columns=packed(layer.up),
            dtype=self.dtype,
        )
        inner = glu(
            linear(x, layer.up), self.hparams.glu, columns=packed(layer.down), dtype=self.dtype
        )
        return linear(inner, layer.down)

    def _logits(self, residual: Tensor, update: Tensor | None, after: Tensor | None) -> Tensor:
        """Add the update to the residual; the logits of its rows."""
        shape, head = self.hparams, self.weights.head
        if not len(residual):
            return residual.new_empty((0, shape.vocabulary))
        x = rms_norm(
            residual,
            update,
            self.weights.norm,
            shape.epsilon,
            after,
            columns=packed(head),
            dtype=self.dtype,
        )
        pieces = linear(x, head)
        logits = pieces[0] if len(pieces) == 1 else pieces.sum(0)
        if shape.softcap:
            logits = logits.div_(shape.softcap).tanh_().mul_(shape.softcap)
        return logits


def packed(parts: tuple[Weight, ...]) -> bool:
    """Whether a product with these weights can read integers."""
    return any(isinstance(part, Packed) for part in parts)
