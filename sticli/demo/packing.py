"""Training batches: each feed once, followed by many questions about it, each a masked fork.

A question asked after n tokens of the feed sees those n and itself; its positions go on from n.
That is exactly what the daemon does with forks of a sequence.
"""

import random
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from sticli.demo import vocabulary
from sticli.demo.logs import Logs
from sticli.demo.market import Market
from sticli.demo.model import Layout
from sticli.demo.question import Question

Feed = Market | Logs


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


def make_feed(rng: random.Random, *, held_out: bool) -> Feed:
    """A market or a log with a seed drawn from `rng`."""
    kind = Market if rng.random() < 0.5 else Logs
    return kind(rng.randrange(2**48), held_out=held_out)


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
    positions = np.tile(np.arange(tokens + room), (len(feeds), 1))
    mask = np.zeros((len(feeds), 1, room, tokens + room), dtype=bool)
    mask[:, 0, np.arange(room), tokens + np.arange(room)] = True
    rows, targets, kinds, ends = [], [], list[str](), list[bool]()
    for index, (feed, forks) in enumerate(feeds):
        ids[index, :tokens] = feed
        rng.shuffle(forks)
        edges = [0, *np.cumsum([len(fork.ids) for fork in forks])]
        for fork, (start, stop) in zip(forks, pairwise(edges), strict=True):
            if stop > room:
                break
            size = int(stop - start)
            ids[index, tokens + start : tokens + stop] = fork.ids
            positions[index, tokens + start : tokens + stop] = fork.point + np.arange(size)
            mask[index, 0, start:stop, : fork.point] = True
            own = np.tril(np.ones((size, size), dtype=bool))
            mask[index, 0, start:stop, tokens + start : tokens + stop] = own
            first = start + len(fork.tail) - 1
            rows += [(index, first + step) for step in range(len(fork.answer))]
            targets += fork.answer
            kinds += [fork.question.kind] * len(fork.answer)
            ends += [step + 1 == len(fork.answer) for step in range(len(fork.answer))]
    additive = torch.zeros(mask.shape).masked_fill(torch.from_numpy(~mask), -torch.inf)
    layout = Layout(tokens, torch.from_numpy(positions), additive)
    return Batch(
        torch.from_numpy(ids), layout, torch.tensor(rows), torch.tensor(targets), kinds, ends
    )


def make_batch(
    rng: random.Random, feeds: int, tokens: int, room: int, *, held_out: bool = False
) -> Batch:
    """A fresh batch of `feeds` feeds of `tokens` tokens, with `room` tokens of questions each."""
    # A question takes about 11 tokens and a line about 12: ask enough of them to fill the room.
    rate = 1.3 * room / tokens
    played = [play(make_feed(rng, held_out=held_out), tokens, rate, rng) for _ in range(feeds)]
    return pack(played, room, rng)
