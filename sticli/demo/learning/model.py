"""The embedded model in torch: a llama with biases on queries and keys."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sticli.demo.learning.attend import attend


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the model; `rope_base` is large, so that most of a head does not rotate."""

    vocabulary: int
    width: int = 256
    layers: int = 6
    heads: int = 4
    hidden: int = 512
    rope_base: float = 1e10
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        """Width of one head."""
        return self.width // self.heads


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the tokens of a batch stand: feeds of `feed` tokens, then packed questions.

    seen, first: [batch, room]: how many tokens of the feed each token of the questions sees, and
    where in the room its own question begins. A plain sequence has no room.
    """

    feed: int
    seen: Tensor
    first: Tensor

    def positions(self) -> Tensor:
        """Of all tokens: [batch, feed + room]; a question goes on from what it sees."""
        room = torch.arange(self.seen.shape[1], device=self.seen.device)
        told = torch.arange(self.feed, device=self.seen.device).expand(len(self.seen), -1)
        return torch.cat((told, self.seen + room - self.first), 1)

    def bias(self, dtype: torch.dtype) -> Tensor:
        """[batch, room, feed + room]: 0 where a question's token may look, -inf elsewhere."""
        room = torch.arange(self.seen.shape[1], device=self.seen.device)
        told = torch.arange(self.feed, device=self.seen.device) < self.seen[..., None]
        own = (room >= self.first[..., None]) & (room <= room[:, None])
        hidden = ~torch.cat((told, own), 2)
        return torch.zeros(hidden.shape, dtype=dtype, device=hidden.device).masked_fill_(
            hidden, -torch.inf
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """A layout as the layers use it: turns [batch, tokens, 1, head / 2], bias as Layout's."""

    feed: int
    turns: Tensor
    bias: Tensor


def plain(tokens: int) -> Layout:
    """The layout of one ordinary causal sequence."""
    empty = torch.empty(1, 0, dtype=torch.long)
    return Layout(tokens, empty, empty)


def scene(layout: Layout, shape: Shape, dtype: torch.dtype) -> Scene:
    """What the layers need of a layout; `dtype` is that of the scores."""
    return Scene(layout.feed, rotations(layout.positions(), shape), layout.bias(dtype))


def rotations(positions: Tensor, shape: Shape) -> Tensor:
    """Every rotation as a complex number: [batch, tokens, 1, head / 2]."""
    pairs = torch.arange(0, shape.head, 2, dtype=torch.float32, device=positions.device)
    angles = positions[:, :, None, None].float() * shape.rope_base ** (-pairs / shape.head)
    return torch.polar(torch.ones_like(angles), angles)


def rotate(x: Tensor, turns: Tensor, scale: float = 1.0) -> Tensor:
    """Rotates neighbouring pairs of x [batch, tokens, heads, head], and scales them."""
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * (turns * scale)).flatten(-2).to(x.dtype)


class Attention(nn.Module):  # type: ignore[misc]  # torch is untyped to mypy here
    """Causal attention over the feed; the packed questions look where the layout says."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.head = shape.heads, shape.head
        self.q = nn.Linear(shape.width, shape.width)
        self.k = nn.Linear(shape.width, shape.width)
        self.v = nn.Linear(shape.width, shape.width, bias=False)
        self.o = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, scene: Scene, first: int) -> Tensor:
        """x: [batch, tokens, width] to [batch, tokens - first, width]; first is 0 or the feed."""
        parts = (self.q, x[:, first:]), (self.k, x), (self.v, x)
        q, k, v = (part(y).unflatten(-1, (self.heads, -1)) for part, y in parts)
        q, k = rotate(q, scene.turns[:, first:], self.head**-0.5), rotate(k, scene.turns)
        q, k, v = (y.transpose(1, 2).flatten(0, 1) for y in (q, k, v))
        heads, feed = list[Tensor](), scene.feed
        if first < feed:
            heads.append(attend(q[:, :feed], k[:, :feed], v[:, :feed]))
        if feed < x.shape[1]:
            heads.append(attend(q[:, feed - first :], k, v, scene.bias))
        joined = torch.cat(heads, 1).unflatten(0, (-1, self.heads)).transpose(1, 2)
        mixed: Tensor = self.o(joined.flatten(2))
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

    def forward(self, x: Tensor, scene: Scene, first: int = 0) -> Tensor:
        """x: [batch, tokens, width] to [batch, tokens - first, width]."""
        x = x[:, first:] + self.attention(self.attention_norm(x), scene, first)
        normal = self.mlp_norm(x)
        mixed: Tensor = x + self.down(F.silu(self.gate(normal)) * self.up(normal))
        return mixed


Probe = Callable[[int, Tensor], None]  # is shown the number of a layer, and what leaves it


def unseen(layer: int, stream: Tensor) -> None:
    """Probes nothing."""


class Model(nn.Module):  # type: ignore[misc]  # torch is untyped to mypy here
    """Token ids to logits."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.output = nn.Linear(shape.width, shape.vocabulary, bias=False)

    def stream(self, ids: Tensor, layout: Layout, probe: Probe = unseen) -> Tensor:
        """The normalised stream before the output, of the packed questions' tokens only, or of
        the whole sequence if it is plain: [batch, tokens, width]. What leaves each layer but the
        last, of all tokens, is shown to `probe`."""
        x = self.embedding(ids)
        device = ids.device.type
        scores = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        seen = scene(layout, self.shape, scores)
        *early, last = self.blocks
        for layer, block in enumerate(early):
            x = block(x, seen)
            probe(layer, x)
        x = last(x, seen, layout.feed % x.shape[1])
        normal: Tensor = self.norm(x)
        return normal

    def forward(self, ids: Tensor, layout: Layout) -> Tensor:
        """Logits [batch, tokens, vocabulary] of the tokens that `stream` is about."""
        logits: Tensor = self.output(self.stream(ids, layout))
        return logits
