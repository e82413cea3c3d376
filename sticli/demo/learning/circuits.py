"""The model's starting point: attention heads that already look back, bind, match and copy.

Training a model this small from noise spends most of its time discovering induction. Here the
first layer copies the previous tokens into slots of the stream; the second binds every token to
the name before it and to the words around it; the third finds what stood in the same place of
earlier numbers of that name, to compare; the next two find the place whose name and whose previous
tokens look like their own, and copy its token. All of it is then trained.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sticli.demo.learning import vocabulary
from sticli.demo.learning.model import Attention, Model, Shape
from sticli.demo.learning.vocabulary import Trait

# Parts of a stream of width 256: the token itself (its traits first), what is to be answered, the
# tokens before, the name before, the words around, the word before.
TOKEN = slice(0, 64)
COPIED = slice(64, 128)
SLOTS = (slice(128, 148), slice(148, 168), slice(168, 188))
NAME = slice(188, 220)
WORDS = slice(220, 236)
KEY = slice(236, 256)
FARTHEST = 8192  # tokens over which recency is shaped
BINDING, COMPARING, MATCHING = 1, 2, (3, 4)  # layers
# How much nearer is better, a token: soft heads learn what to look for, sharp ones tell two values
# of one name apart.
SLOPES = {3: (0.2, 0.5, 0.0), 4: (0.5, 0.5, 0.0)}
FETCHED = 20  # wide is what a head that compares writes


@dataclass(frozen=True, slots=True)
class Sought:
    """What a head that compares finds among numbers of one name: how much nearer is better, a
    token (below 0 the farther is), how much a greater digit, how little its own one is wanted.
    """

    slope: float
    greater: float
    own: float


SOUGHT = (Sought(-0.25, 0, 0), Sought(0.15, 0, 12), Sought(0, 6, 8), Sought(0, -6, 8))


@dataclass(frozen=True, slots=True)
class Head:
    """One head's rows in the matrices of its layer; `still` are those that hardly rotate."""

    attention: Attention
    index: int
    shape: Shape

    @property
    def rows(self) -> slice:
        return slice(self.index * self.shape.head, (self.index + 1) * self.shape.head)

    @property
    def turning(self) -> int:
        """Leading pairs that turn by a tenth of a radian or more over FARTHEST tokens."""
        return int((self.angles * FARTHEST > 0.1).sum())

    @property
    def angles(self) -> Tensor:
        return self.shape.rope_base ** -(torch.arange(0, self.shape.head, 2) / self.shape.head)

    @property
    def still(self) -> slice:
        return slice(self.rows.start + 2 * self.turning, self.rows.stop)

    def look_back(self, distance: int) -> None:
        """Biases that give the head a sharp maximum `distance` tokens back."""
        radius, turn = 10.0, self.angles * distance
        self.quiet(0.05)
        self.attention.q.bias[self.rows] = torch.tensor([radius, 0.0]).repeat(self.shape.head // 2)
        turned = torch.stack((turn.cos(), turn.sin()), -1).flatten()
        self.attention.k.bias[self.rows] = radius * turned

    def fade(self, wanted: Tensor, back: Tensor, weight: Tensor | None = None) -> None:
        """Biases under which the head's score at a distance `back` falls off as `wanted` does, as
        exact near as far: what counts is the error beside the distance, unless `weight` says so.
        """
        phases = back[:, None] * self.angles[: self.turning]
        waves = torch.cat((phases.cos(), phases.sin()), 1)
        weight = (1 / (1 + wanted.abs()) if weight is None else weight)[:, None]
        waves, goal = (waves - waves[-1]) * weight, (wanted - wanted[-1])[:, None]
        goal = goal * math.sqrt(self.shape.head)
        ridge = waves.T @ waves / len(back) + 1e-6 * torch.eye(waves.shape[1])
        found = torch.linalg.solve(ridge, waves.T @ (goal * weight) / len(back))
        cosine, sine = found[:, 0].chunk(2)
        radius, turn = torch.hypot(cosine, sine).sqrt(), torch.atan2(sine, cosine)
        rows = slice(self.rows.start, self.still.start)
        q, k = self.attention.q.bias, self.attention.k.bias
        q[rows] = torch.stack((radius, torch.zeros_like(radius)), -1).flatten()
        k[rows] = (radius[:, None] * torch.stack((turn.cos(), turn.sin()), -1)).flatten()

    def quiet(self, scale: float) -> None:
        """Shrinks what the head compares by itself."""
        self.attention.q.weight[self.rows] *= scale
        self.attention.k.weight[self.rows] *= scale

    def compare(self, query: Tensor, key: Tensor) -> None:
        """Sets what the head compares: [still rows, width] each."""
        self.quiet(0.2)
        self.attention.q.weight[self.still] = query
        self.attention.k.weight[self.still] = key

    def prefer(self, traits: list[Trait], row: int, strength: float) -> None:
        """Adds to the score of every token with one of the traits, by its still row `row`."""
        at = self.still.start + row
        self.attention.q.weight[at] = 0
        self.attention.k.weight[at] = 0
        self.attention.q.bias[at] = abs(strength)
        self.attention.k.weight[at, [int(trait) for trait in traits]] = strength

    def write(self, value: Tensor, out: Tensor) -> None:
        """The head's value, [n, width] on the stream, and where on it that goes, [width, n]."""
        rows = slice(self.rows.start, self.rows.start + len(value))
        self.attention.v.weight[self.rows] = 0
        self.attention.v.weight[rows] = value
        self.attention.o.weight[:, self.rows] = 0
        self.attention.o.weight[:, rows] = out

    def copy(self, value: Tensor, target: slice, gain: float) -> None:
        """The head's value as it is, written to `target`, n wide."""
        out = torch.zeros(self.shape.width, len(value))
        out[target] = gain * torch.eye(len(value))
        self.write(value, out)


def _directions(rows: int, columns: int) -> Tensor:
    """A random matrix [rows, columns] whose rows (or columns) are orthonormal."""
    weight: Tensor = nn.init.orthogonal_(torch.empty(rows, columns))
    return weight


def _reading(width: int, *parts: tuple[slice, Tensor]) -> Tensor:
    """A matrix [n, width] that reads parts of the stream."""
    weight = torch.zeros(len(parts[0][1]), width)
    for part, reader in parts:
        weight[:, part] += reader
    return weight


def _back() -> Tensor:
    """Distances that shape how a score falls off, ever wider apart."""
    return torch.cat((torch.arange(24.0), torch.logspace(math.log10(24), math.log10(FARTHEST), 96)))


def _recent(head: Head, slope: float, near: float) -> None:
    """The nearer the better: falls by `slope` a token over the `near` ones, then ever slower."""
    back = _back()
    head.fade(-near * slope * (1 + back / near).log(), back)


def _first_layer(model: Model, projection: Tensor) -> None:
    for index, slot in enumerate(SLOTS):
        head = Head(model.blocks[0].attention, index, model.shape)
        head.look_back(index + 1)
        head.copy(_reading(model.shape.width, (TOKEN, projection)), slot, 0.7)
    _recent(Head(model.blocks[0].attention, 3, model.shape), 0.4, 20)


def _second_layer(model: Model) -> None:
    """Head 0 binds the name before each token, head 1 the words before it, head 2 the nearest."""
    width, attention = model.shape.width, model.blocks[1].attention
    name, words, key, wide = (Head(attention, index, model.shape) for index in range(4))
    spelled = [(TOKEN, _directions(32, 64)), (SLOTS[0], _directions(32, 20))]
    reading = _reading(width, *spelled, (SLOTS[1], 0.4 * _directions(32, 20)))
    _gather(name, [Trait.UPPER, Trait.LOWER], 2.0, reading, NAME)
    _gather(words, [Trait.WORD], 0.2, _reading(width, (TOKEN, _directions(16, 64))), WORDS)
    _gather(key, [Trait.WORD], 1.0, _reading(width, (TOKEN, _directions(20, 64))), KEY)
    _recent(wide, 0.1, 40)


def _gather(head: Head, traits: list[Trait], slope: float, reading: Tensor, target: slice) -> None:
    """The head writes what it reads at the nearest tokens with one of the traits."""
    _recent(head, slope, 10)
    head.quiet(0.05)
    head.prefer(traits, 0, 6.0)
    head.copy(reading, target, 0.6)


def _comparing(model: Model, projection: Tensor) -> None:
    """The heads find the digit that follows the same tokens in another number of the same name:
    the first, the last, the greatest and the least.
    """
    width, attention = model.shape.width, model.blocks[COMPARING].attention
    value = torch.cat((2 * torch.eye(64)[[Trait.VALUE]], 0.5 * projection[1:]))
    targets = _directions(width, FETCHED * len(SOUGHT)).split(FETCHED, 1)
    for index, (sought, target) in enumerate(zip(SOUGHT, targets, strict=True)):
        head = Head(attention, index, model.shape)
        rows = head.still.stop - head.still.start
        alike = _reading(width, (NAME, 2.2 * _directions(rows, 32)))
        for slot in SLOTS:
            alike[:, slot] = 2.0 * _directions(rows, 20)
        head.compare(alike, alike)
        if sought.greater:
            head.prefer([Trait.VALUE], 0, sought.greater)
        _elsewhere(head, sought)
        head.write(_reading(width, (TOKEN, value)), 0.5 * target)


def _elsewhere(head: Head, sought: Sought) -> None:
    """Nearer or farther is better, but not the token itself; those beside it do not matter."""
    back = _back()
    falls = -40 * sought.slope * (1 + back / 40).log()
    weight = 1 / (1 + falls.abs())
    weight[0], weight[1:8] = 10.0, 0.05
    head.fade(falls - sought.own * (back < 8), back, weight)


def _matching(model: Model, layer: int, projection: Tensor) -> None:
    """Head 0 finds a token under the same name, head 1 one that also follows the same tokens, both
    the nearer the better; head 2 is as head 1 but looks far as well, and sees digits' values;
    head 3 carries over the name of what it finds.
    """
    width, attention = model.shape.width, model.blocks[layer].attention
    copy = _reading(width, (TOKEN, torch.eye(64)))
    for index in range(3):
        head = Head(attention, index, model.shape)
        rows = head.still.stop - head.still.start
        same = 2.2 * _directions(rows, 32)
        before = [1.6 * _directions(rows, 20) for _ in SLOTS]
        query, key = _reading(width, (NAME, same)), _reading(width, (NAME, same))
        if index:
            query[:, TOKEN] += before[0] @ projection
            query[:, SLOTS[0]], query[:, SLOTS[1]] = before[1], 0.7 * before[2]
            key[:, SLOTS[0]], key[:, SLOTS[1]] = before[0], before[1]
            key[:, SLOTS[2]] = 0.7 * before[2]
        head.compare(query, key)
        _recent(head, SLOPES[layer][index], 40)
        head.copy(copy, COPIED, 0.5)
    sees, carries = (Head(attention, index, model.shape) for index in (2, 3))
    attention.k.weight[sees.still.start, Trait.VALUE] += 4.0
    attention.q.weight[sees.still.start, WORDS] += 0.5 * torch.randn(16)
    _recent(carries, 0.1, 40)
    carries.copy(_reading(width, (NAME, torch.eye(32))), NAME, 0.3)


def _noise(model: Model) -> None:
    """Small noise everywhere; in each head queries resemble keys."""
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.04 if "o.weight" not in name else 0.02)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
    for block in model.blocks:
        nn.init.normal_(block.down.weight, std=0.01)
        noise = 0.02 * torch.randn(model.shape.width)
        block.attention.k.weight.copy_(block.attention.q.weight + noise)


def _embed(model: Model) -> None:
    """Random tokens that show their traits, a word and the same after a space alike; the output
    reads them where the heads copy them to.
    """
    nn.init.normal_(model.embedding.weight[:, TOKEN])
    for spaced, word in vocabulary.spaced():
        model.embedding.weight[spaced] = model.embedding.weight[word]
    model.embedding.weight[:, : len(Trait)] = torch.tensor(vocabulary.traits())
    model.output.weight[:, COPIED] = 0.2 * model.embedding.weight[:, TOKEN]
    model.norm.weight[:] = 0.3
    model.norm.weight[COPIED] = 1


def initialise(model: Model) -> None:
    """Fills the model's parameters from torch's global generator."""
    with torch.no_grad():
        _noise(model)
        _embed(model)
        projection = _directions(20, 64)
        _first_layer(model, projection)
        _second_layer(model)
        _comparing(model, projection)
        for layer in MATCHING:
            _matching(model, layer, projection)
