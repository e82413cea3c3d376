"""Training batches: each feed once, followed by many questions about it, each a masked fork.

A question asked after n tokens of the feed sees those n and itself; its positions go on from n.
That is exactly what the daemon does with forks of a sequence.
"""

import random
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from sticli.demo.learning import vocabulary
from sticli.demo.learning.model import Layout
from sticli.demo.world.question import Question
from sticli.demo.world.simulate import Feed, Make, make_feed

LINE, QUESTION = 22, 16  # tokens of each, about


@dataclass(frozen=True, slots=True)
class Fork:
    """A question at a point of a feed: how many feed tokens it sees, its tokens and its answer."""

    point: int
    question: Question
    tail: list[int]
    answer: list[int]

    @property
    def ids(self) -> list[int]:
        """Input tokens: the question and its answer, without the final <|end|>."""
        return self.tail + self.answer[:-1]


@dataclass(frozen=True, slots=True)
class Batch:
    """ids: [batch, tokens]; `rows` [answers, 2]: where in the questions to predict `targets`.

    `kinds` names each target's kind and `ends` marks the last target of each answer.
    """

    ids: Tensor
    layout: Layout
    rows: Tensor
    targets: Tensor
    kinds: list[str]
    ends: list[bool]

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        seen, first = self.layout.seen.to(device), self.layout.first.to(device)
        return replace(
            self,
            ids=self.ids.to(device),
            layout=Layout(self.layout.feed, seen, first),
            rows=self.rows.to(device),
            targets=self.targets.to(device),
        )


def ask(feed: Feed, point: int) -> Fork:
    """A random question about a feed of which `point` tokens are visible."""
    question = feed.ask()
    answer = [*vocabulary.encode(question.truth), vocabulary.END_ID]
    return Fork(point, question, vocabulary.tail_ids(question.text), answer)


def play(feed: Feed, tokens: int, rate: float, rng: random.Random) -> tuple[list[int], list[Fork]]:
    """Exactly `tokens` of a feed, and about `rate` questions after each of its whole lines."""
    ids, forks = [vocabulary.BOS_ID], list[Fork]()
    while len(ids) < tokens:
        ids += vocabulary.line_ids(feed.line())
        if len(ids) <= tokens:
            asked = int(rate) + (rng.random() < rate % 1)
            forks += [ask(feed, len(ids)) for _ in range(asked)]
    return ids[:tokens], forks


def pack(feeds: list[tuple[list[int], list[Fork]]], room: int, rng: random.Random) -> Batch:
    """Feeds of equal length, each with as many of its forks as fit into `room` tokens."""
    tokens = len(feeds[0][0])
    ids = np.full((len(feeds), tokens + room), vocabulary.END_ID)
    seen = np.zeros((len(feeds), room), dtype=np.int64)
    begins = np.tile(np.arange(room), (len(feeds), 1))
    rows, targets, kinds, ends = [], [], list[str](), list[bool]()
    for index, (feed, forks) in enumerate(feeds):
        ids[index, :tokens] = feed
        rng.shuffle(forks)
        edges = [0, *np.cumsum([len(fork.ids) for fork in forks])]
        for fork, (start, stop) in zip(forks, pairwise(edges), strict=True):
            if stop > room:
                break
            ids[index, tokens + start : tokens + stop] = fork.ids
            seen[index, start:stop], begins[index, start:stop] = fork.point, start
            first = start + len(fork.tail) - 1
            rows += [(index, first + step) for step in range(len(fork.answer))]
            targets += fork.answer
            kinds += [fork.question.kind] * len(fork.answer)
            ends += [step + 1 == len(fork.answer) for step in range(len(fork.answer))]
    layout = Layout(tokens, torch.from_numpy(seen), torch.from_numpy(begins))
    places = torch.tensor(rows, dtype=torch.long).view(-1, 2)
    wanted = torch.tensor(targets, dtype=torch.long)
    return Batch(torch.from_numpy(ids), layout, places, wanted, kinds, ends)


def make_batch(
    rng: random.Random,
    feeds: int,
    tokens: int,
    room: int,
    *,
    held_out: bool = False,
    make: Make = make_feed,
) -> Batch:
    """A fresh batch of `feeds` feeds of `tokens` tokens, with `room` tokens of questions each."""
    rate = 1.3 * room / QUESTION * LINE / tokens
    played = [play(make(rng, held_out=held_out), tokens, rate, rng) for _ in range(feeds)]
    return pack(played, room, rng)
