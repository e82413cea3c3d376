"""Tells heads, while the model trains, where to look for what an answer is copied from: see
`sources`.
"""

import torch
from torch import Tensor

from sticli.demo.learning.circuits import MATCHING
from sticli.demo.learning.model import Block, Model, rotate, rotations
from sticli.demo.learning.packing import Batch


class Pointing:
    """How much the heads of the layers that match look at the places that a batch names; it is
    enough that one of them does.
    """

    def __init__(self, model: Model, batch: Batch) -> None:
        self._model, self._batch, layout = model, batch, batch.layout
        self._turns = rotations(layout.positions(), model.shape)
        self._seen: list[Tensor] = []  # of each layer, the logarithm of what each head gives
        self._of, rows = batch.pointed.rows.unbind(1)
        self._at = layout.feed + rows
        self._sizes = self._of.bincount(minlength=len(batch.ids)).tolist()
        token = torch.arange(layout.feed + layout.seen.shape[1], device=rows.device)
        first = layout.feed + layout.first[self._of, rows]
        told = token < layout.seen[self._of, rows, None]
        own = (token >= first[:, None]) & (token <= self._at[:, None])
        self._hidden = ~(told | own)

    def __call__(self, layer: int, stream: Tensor) -> None:
        """Looks at what leaves a layer, [batch, tokens, width], for the heads of the next."""
        if layer + 1 in MATCHING and len(self._of):
            self._seen.append(self._look(self._model.blocks[layer + 1], stream))

    def _look(self, block: Block, stream: Tensor) -> Tensor:
        """The logarithm of the attention of each head of a block to the places: [heads, rows]."""
        attention, normal = block.attention, block.attention_norm(stream)
        split = (attention.heads, attention.head)
        keys = rotate(attention.k(normal).unflatten(-1, split), self._turns)
        asking = attention.q(normal[self._of, self._at]).unflatten(-1, split)
        turned = self._turns[self._of, self._at][None]
        queries = rotate(asking[None], turned, attention.head**-0.5)[0]
        parts = (queries, self._hidden, self._batch.pointed.places)
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
