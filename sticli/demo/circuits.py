"""The model's starting point: attention heads that already look back, match and copy.

Training a model this small from noise spends most of its time discovering induction. Here the
first layer starts with heads that copy the previous 1 to 4 tokens into slots of the stream; the
next two start with heads that find the place whose slots look like their own and copy its token.
"""

import math

import torch
from torch import Tensor, nn

from sticli.demo.model import Attention, Block, Model, Shape

# Parts of a stream of width 256: the token itself, what is to be answered, the tokens before.
TOKEN = slice(0, 64)
COPIED = slice(64, 128)
SLOTS = tuple(slice(start, start + 32) for start in range(128, 256, 32))

# Pairs of a head from this one on hardly rotate within a thousand tokens: they hold content.
STILL = 6
RECENCY = 0.03


def _directions(rows: int, columns: int) -> Tensor:
    """A random matrix [rows, columns] whose rows (or columns) are orthonormal."""
    weight: Tensor = nn.init.orthogonal_(torch.empty(rows, columns))
    return weight


def _angles(shape: Shape) -> Tensor:
    return shape.rope_base ** -(torch.arange(0, shape.head, 2) / shape.head)


def _lookback(attention: Attention, head: int, shape: Shape, distance: int) -> None:
    """Biases that give a head a sharp maximum `distance` tokens back."""
    radius, rows = 10.0, slice(head * shape.head, (head + 1) * shape.head)
    turn = _angles(shape) * distance
    attention.q.weight[rows] *= 0.05
    attention.k.weight[rows] *= 0.05
    attention.q.bias[rows] = torch.tensor([radius, 0.0]).repeat(shape.head // 2)
    attention.k.bias[rows] = radius * torch.stack((turn.cos(), turn.sin()), -1).flatten()


def _recency(attention: Attention, head: int, shape: Shape) -> None:
    """Biases under which a head's score falls by about RECENCY a token over 800 tokens."""
    angles, back = _angles(shape)[:STILL], torch.arange(0, 800, 4.0)
    waves = torch.cat(((back[:, None] * angles).cos(), (back[:, None] * angles).sin()), 1)
    waves = waves - waves.mean(0)
    wanted = -RECENCY * (back - back.mean()) * math.sqrt(shape.head)
    ridge = waves.T @ waves + 0.05 * torch.eye(2 * STILL)
    cosine, sine = torch.linalg.solve(ridge, waves.T @ wanted).view(2, STILL)
    radius = torch.hypot(cosine, sine).sqrt()
    turn = torch.atan2(sine, cosine)
    rows = slice(head * shape.head, head * shape.head + 2 * STILL)
    attention.q.bias[rows] = torch.stack((radius, torch.zeros_like(radius)), -1).flatten()
    attention.k.bias[rows] = (radius[:, None] * torch.stack((turn.cos(), turn.sin()), -1)).flatten()


def _previous_tokens(block: Block, shape: Shape) -> list[Tensor]:
    """Heads 0 to 3 of the first layer copy the tokens 1 to 4 back; returns how they project."""
    projections = [_directions(32, 64) for _ in SLOTS]
    attention = block.attention
    for index, (slot, projection) in enumerate(zip(SLOTS, projections, strict=True)):
        rows = slice(index * shape.head, (index + 1) * shape.head)
        _lookback(attention, index, shape, index + 1)
        attention.v.weight[rows] = 0
        attention.v.weight[rows, TOKEN] = projection
        attention.o.weight[:, rows] = 0
        attention.o.weight[slot, rows] = 0.5 * torch.eye(shape.head)
    return projections


def _copy(attention: Attention, head: int, shape: Shape, half: int) -> None:
    """A head's value: one half of the token's own embedding, written where the output reads."""
    rows = slice(head * shape.head, (head + 1) * shape.head)
    attention.v.weight[rows] = 0
    attention.v.weight[rows, 32 * half : 32 * half + 32] = torch.eye(32)
    attention.o.weight[:, rows] = 0
    start = COPIED.start + 32 * half
    attention.o.weight[start : start + 32, rows] = 0.7 * torch.eye(32)


def _content(attention: Attention, head: int, shape: Shape, query: Tensor, key: Tensor) -> None:
    """Sets what a head compares: query and key [still rows, width] on its unrotated pairs."""
    first, last = head * shape.head, (head + 1) * shape.head
    for weight, still in ((attention.q.weight, query), (attention.k.weight, key)):
        weight[first:last] *= 0.2
        weight[first + 2 * STILL : last] = still


def _same_place(shape: Shape) -> tuple[Tensor, Tensor]:
    """Compare the tokens 2 to 4 back on both sides: same offset after the same name."""
    weight = torch.zeros(shape.head - 2 * STILL, shape.width)
    weight[:, SLOTS[1].start :] = 2.2 * _directions(len(weight), 96)
    return weight, weight


def _induction(shape: Shape, projections: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Compare this token with the key's previous one, and this one's previous with its second."""
    rows = shape.head - 2 * STILL
    query, key = torch.zeros(rows, shape.width), torch.zeros(rows, shape.width)
    mixed = 2.2 * _directions(rows, 64)
    query[:, TOKEN] = mixed[:, :32] @ projections[0]
    query[:, SLOTS[0]] = mixed[:, 32:] @ _directions(32, 32)
    key[:, SLOTS[0]], key[:, SLOTS[1]] = mixed[:, :32], mixed[:, 32:]
    return query, key


def _noise(model: Model, shape: Shape) -> None:
    """Small noise everywhere; in each head of the middle layers queries resemble keys."""
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.04 if "o.weight" not in name else 0.02)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
    for block in model.blocks:
        nn.init.normal_(block.down.weight, std=0.01)
        block.attention.k.weight.copy_(block.attention.q.weight + 0.02 * torch.randn(shape.width))


def _output(model: Model) -> None:
    """The output reads tokens from where the copying heads write them."""
    model.output.weight[:, COPIED] = 0.2 * model.embedding.weight[:, TOKEN]
    model.norm.weight[:] = 0.3
    model.norm.weight[COPIED] = 1


def _matching_heads(model: Model, projections: list[Tensor]) -> None:
    """Heads 0 to 3 of the two middle layers find a like place and copy its token."""
    shape = model.shape
    found = (_same_place(shape), _induction(shape, projections))
    for block in list(model.blocks)[1:3]:
        for pair, (query, key) in enumerate(found):
            for half in (0, 1):
                head = 2 * pair + half
                _content(block.attention, head, shape, query, key)
                _copy(block.attention, head, shape, half)
                _recency(block.attention, head, shape)


def initialise(model: Model) -> None:
    """Fills the model's parameters from torch's global generator."""
    with torch.no_grad():
        _noise(model, model.shape)
        nn.init.normal_(model.embedding.weight[:, TOKEN])
        _output(model)
        _matching_heads(model, _previous_tokens(model.blocks[0], model.shape))
