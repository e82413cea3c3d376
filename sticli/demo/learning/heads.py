"""One head of attention, and how its weights are set by hand: see `circuits`."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sticli.demo.learning.model import Attention, Shape
from sticli.demo.learning.vocabulary import Trait

FARTHEST = 8192  # tokens over which recency is shaped


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
