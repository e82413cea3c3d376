"""Tells heads, while the model trains, where to look: those that match, for what an answer is
copied from (see `sources`), those that bind, for the name that a field belongs to (see `bindings`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from sticli.demo.learning.model import Block, Layout, Model, rotate, rotations
from sticli.demo.learning.packing import Pointed


class Pointing:
    """How much the heads of some layers look at the places that a batch names; it is enough that
    one of them does.
    """

    def __init__(
        self, model: Model, layout: Layout, pointed: Pointed, layers: Sequence[int]
    ) -> None:
        self._model, self._layers, self._places = model, layers, pointed.places
        self._turns = rotations(layout.positions(), model.shape)
        self._seen: list[Tensor] = []  # of each layer, the logarithm of what each head gives
        self._of, self._at = pointed.rows.unbind(1)
        self._sizes = self._of.bincount(minlength=len(layout.seen)).tolist()
        self._hidden = ~self._visible(layout)

    def _visible(self, layout: Layout) -> Tensor:
        """What each of the tokens sees: [rows, tokens]."""
        asks, row = self._at >= layout.feed, (self._at - layout.feed).clamp(min=0)
        told = torch.where(asks, layout.seen[self._of, row], self._at + 1)
        first = layout.feed + layout.first[self._of, row]
        token = torch.arange(layout.feed + layout.seen.shape[1], device=row.device)
        own = (token >= first[:, None]) & (token <= self._at[:, None])
        return (token < told[:, None]) | own

    def __call__(self, layer: int, stream: Tensor) -> None:
        """Looks at what leaves a layer, [batch, tokens, width], for the heads of the next."""
        if layer + 1 in self._layers and len(self._of):
            self._seen.append(self._look(self._model.blocks[layer + 1], stream))

    def _look(self, block: Block, stream: Tensor) -> Tensor:
        """The logarithm of the attention of each head of a block to the places: [heads, rows]."""
        attention, normal = block.attention, block.attention_norm(stream)
        split = (attention.heads, attention.head)
        keys = rotate(attention.k(normal).unflatten(-1, split), self._turns)
        asking = attention.q(normal[self._of, self._at]).unflatten(-1, split)
        turned = self._turns[self._of, self._at][None]
        queries = rotate(asking[None], turned, attention.head**-0.5)[0]
        parts = (queries, self._hidden, self._places)
        found = list[Tensor]()
        for key, query, hidden, places in zip(
            keys, *(part.split(self._sizes) for part in parts), strict=True
        ):
            scores = torch.einsum("rhd,thd->hrt", query, key).float()
            scores = scores.masked_fill(hidden, -torch.inf)
            there = scores.gather(2, places.clamp(min=0).expand(len(scores), -1, -1))
            there = there.masked_fill(places < 0, -torch.inf)
            found.append(there.logsumexp(-1) - scores.logsumexp(-1))
        return torch.cat(found, 1)

    @property
    def loss(self) -> Tensor:
        """Minus the logarithm of the attention of the head that looks there most; 0 without any."""
        if not self._seen:
            return torch.zeros((), device=self._of.device)
        return -torch.cat(self._seen).amax(0).mean()
