"""The embedded model in torch: a llama with biases on queries and keys."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the model; `rope_base` is large, so that most of a head does not rotate."""

    vocabulary: int
    width: int = 256
    layers: int = 4
    heads: int = 8
    hidden: int = 512
    rope_base: float = 1e8
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        """Width of one head."""
        return self.width // self.heads


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the tokens of a batch stand: feeds of `feed` tokens, then packed questions.

    positions: [batch, tokens]; mask: [batch, 1, tokens - feed, tokens], 0 where a question's token
    may look and -inf elsewhere. A plain sequence has `feed == tokens` and an empty mask.
    """

    feed: int
    positions: Tensor
    mask: Tensor

    @property
    def causal(self) -> Tensor:
        """The mask of the feed itself: [feed, feed]."""
        return torch.full((self.feed, self.feed), -torch.inf).triu(1)


def plain(tokens: int) -> Layout:
    """The layout of one ordinary causal sequence."""
    empty = torch.zeros(1, 1, 0, tokens)
    return Layout(tokens, torch.arange(tokens)[None], empty)


def rotations(positions: Tensor, shape: Shape) -> Tensor:
    """Every rotation as a complex number: [batch, 1, tokens, head / 2]."""
    steps = torch.arange(0, shape.head, 2, dtype=torch.float32) / shape.head
    angles = positions[:, None, :, None].float() * shape.rope_base**-steps
    return torch.polar(torch.ones_like(angles), angles)


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Rotates neighbouring pairs of x [batch, heads, tokens, head]."""
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turns).flatten(-2).to(x.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention of scaled queries, `mask` added to the scores; on a CPU this trains faster in
    bfloat16 than torch's fused operation, whose backward pass is slow."""
    return (q @ k.transpose(-1, -2) + mask.to(q.dtype)).softmax(-1) @ v


class Attention(nn.Module):  # type: ignore[misc]  # torch is untyped to mypy here
    """Causal attention over the feed; the packed questions look where the layout says."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q = nn.Linear(shape.width, shape.width)
        self.k = nn.Linear(shape.width, shape.width)
        self.v = nn.Linear(shape.width, shape.width, bias=False)
        self.o = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, turns: Tensor, layout: Layout, first: int) -> Tensor:
        """x: [batch, tokens, width] to [batch, tokens - first, width]; first is 0 or the feed."""
        parts = (self.q, x[:, first:]), (self.k, x), (self.v, x)
        q, k, v = (part(y).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part, y in parts)
        q, k = rotate(q, turns[:, :, first:]) * q.shape[-1] ** -0.5, rotate(k, turns)
        heads, feed = list[Tensor](), layout.feed
        if first < feed:
            heads.append(attend(q[:, :, :feed], k[:, :, :feed], v[:, :, :feed], layout.causal))
        if feed < x.shape[1]:
            heads.append(attend(q[:, :, feed - first :], k, v, layout.mask))
        mixed: Tensor = self.o(torch.cat(heads, 2).transpose(1, 2).flatten(2))
        return mixed


class Block(nn.Module):  # type: ignore[misc]  # torch is untyped to mypy here
    """One layer: attention, then SwiGLU, each on a normalised copy of the stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.attention = Attention(shape)
        self.mlp_norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, turns: Tensor, layout: Layout, first: int = 0) -> Tensor:
        """x: [batch, tokens, width] to [batch, tokens - first, width]."""
        x = x[:, first:] + self.attention(self.attention_norm(x), turns, layout, first)
        normal = self.mlp_norm(x)
        mixed: Tensor = x + self.down(F.silu(self.gate(normal)) * self.up(normal))
        return mixed


class Model(nn.Module):  # type: ignore[misc]  # torch is untyped to mypy here
    """Token ids to logits."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.output = nn.Linear(shape.width, shape.vocabulary, bias=False)

    def stream(self, ids: Tensor, layout: Layout) -> Tensor:
        """The normalised stream before the output, of the packed questions' tokens only, or of
        the whole sequence if it is plain: [batch, tokens, width]."""
        turns = rotations(layout.positions, self.shape)
        x = self.embedding(ids)
        *early, last = self.blocks
        for block in early:
            x = block(x, turns, layout)
        x = last(x, turns, layout, layout.feed % x.shape[1])
        normal: Tensor = self.norm(x)
        return normal

    def forward(self, ids: Tensor, layout: Layout) -> Tensor:
        """Logits [batch, tokens, vocabulary] of the tokens that `stream` is about."""
        logits: Tensor = self.output(self.stream(ids, layout))
        return logits
