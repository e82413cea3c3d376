"""Tells heads, while the model trains, where to look for what an answer is copied from: see
`sources`.
"""

import math

import torch
from torch import Tensor

from sticli.demo.learning.circuits import MATCHING
from sticli.demo.learning.model import Block, Model, rotate, rotations
from sticli.demo.learning.packing import Batch


class Pointing:
    """How much the heads of the layers that match look at the places that a batch names; it is
    enough that some of them do.
    """

    def __init__(self, model: Model, batch: Batch) -> None:
        self._model, self._batch = model, batch
        self._turns = rotations(batch.layout.positions(), model.shape)
        self._seen: list[Tensor] = []  # of each layer, the logarithm of what each head gives
        rows, feed = batch.pointed.rows, batch.layout.feed
        self._of, self._at = rows[:, 0], feed + rows[:, 1]
        bias = batch.layout.bias(torch.float)
        self._hidden = bias[rows[:, 0], rows[:, 1]] < 0

    def __call__(self, layer: int, stream: Tensor) -> None:
        """Looks at what leaves a layer, [batch, tokens, width], for the heads of the next."""
        if layer + 1 in MATCHING:
            self._seen.append(self._look(self._model.blocks[layer + 1], stream))

    def _look(self, block: Block, stream: Tensor) -> Tensor:
        """The logarithm of the attention of each head of a block to the places: [heads, rows]."""
        attention, normal = block.attention, block.attention_norm(stream)
        split = (attention.heads, attention.head)
        keys = rotate(attention.k(normal).unflatten(-1, split), self._turns).float()
        asking = attention.q(normal[self._of, self._at]).unflatten(-1, split)
        turned = self._turns[self._of, self._at][None]
        queries = rotate(asking[None], turned, attention.head**-0.5)[0].float()
        found = list[Tensor]()
        for index in range(len(stream)):
            mine = self._of == index
            scores = torch.einsum("rhd,thd->hrt", queries[mine], keys[index])
            scores = scores.masked_fill(self._hidden[mine], -torch.inf)
            places = self._batch.pointed.places[mine]
            there = scores.gather(2, places.clamp(min=0).expand(len(scores), -1, -1))
            there = there.masked_fill(places < 0, -torch.inf)
            found.append(there.logsumexp(-1) - scores.logsumexp(-1))
        return torch.cat(found, 1)

    @property
    def loss(self) -> Tensor:
        """Minus the logarithm of the mean attention of all heads to the places; 0 without any."""
        if not self._seen or not len(self._of):
            return torch.zeros((), device=self._of.device)
        heads = torch.cat(self._seen)
        return math.log(len(heads)) - heads.logsumexp(0).mean()
