"""Training batches: each feed once, followed by many questions about it, each a masked fork.

A question asked after n tokens of the feed sees those n and itself; its positions go on from n.
That is exactly what the daemon does with forks of a sequence.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from sticli.demo.learning import bindings, vocabulary
from sticli.demo.learning.bindings import Bound
from sticli.demo.learning.marks import RELATIONS, Heard, Mark
from sticli.demo.learning.model import Layout
from sticli.demo.learning.roles import OTHER, UNKNOWN, roles
from sticli.demo.learning.sources import MOST, Line, Places, places
from sticli.demo.world.question import Question, recognise
from sticli.demo.world.series import Told
from sticli.demo.world.simulate import Feed, Make, make_feed

LINE, QUESTION = 22, 16  # tokens of each, about


@dataclass(frozen=True, slots=True)
class Fork:
    """A question at a point of a feed: how many feed tokens it sees, its tokens and its answer, the
    marks of its numbers, where the tokens of the answer may be copied from, and which of its own
    tokens name what it is about.
    """

    point: int
    question: Question
    tail: list[int]
    answer: list[int]
    marks: list[Mark] = field(default_factory=list)
    places: Places = field(default_factory=list)
    bound: list[Bound] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        """Input tokens: the question and its answer, without the final <|end|>."""
        return self.tail + self.answer[:-1]


@dataclass(frozen=True, slots=True)
class Played:
    """What was played of a feed: its tokens and the role of each, questions about it, the marks of
    its numbers, and what belongs to which name.
    """

    ids: list[int]
    forks: list[Fork]
    marks: list[Mark]
    roles: list[int]
    bound: list[Bound]


@dataclass(frozen=True, slots=True)
class Marked:
    """Where in a batch marks stand, [marks, 2], and what they say, [marks, relations]."""

    rows: Tensor
    compared: Tensor

    def to(self, device: torch.device) -> "Marked":
        """The same on a device."""
        return Marked(self.rows.to(device), self.compared.to(device))


@dataclass(frozen=True, slots=True)
class Pointed:
    """Where tokens have to look: the tokens, [rows, 2], and for each the places, [rows, MOST], -1
    where there are no more.
    """

    rows: Tensor
    places: Tensor

    def to(self, device: torch.device) -> "Pointed":
        """The same on a device."""
        return Pointed(self.rows.to(device), self.places.to(device))


@dataclass(frozen=True, slots=True)
class Batch:
    """ids: [batch, tokens]; `rows` [answers, 2]: where in the questions to predict `targets`.

    `kinds` names each target's kind and `ends` marks the last target of each answer. The marks are
    of digits and of whole numbers; `roles` [batch, feed] are those of the tokens of the feeds.
    `pointed` says what answers are copied from, `bound` which name a token belongs to.
    """

    ids: Tensor
    layout: Layout
    rows: Tensor
    targets: Tensor
    kinds: list[str]
    ends: list[bool]
    digits: Marked
    wholes: Marked
    pointed: Pointed
    bound: Pointed
    roles: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        seen, first = self.layout.seen.to(device), self.layout.first.to(device)
        return replace(
            self,
            ids=self.ids.to(device),
            layout=Layout(self.layout.feed, seen, first),
            rows=self.rows.to(device),
            targets=self.targets.to(device),
            digits=self.digits.to(device),
            wholes=self.wholes.to(device),
            pointed=self.pointed.to(device),
            bound=self.bound.to(device),
            roles=self.roles.to(device),
        )


def ask(feed: Feed, lines: Sequence[Line], heard: Heard) -> Fork:
    """A random question about a feed of which these lines are visible."""
    question = feed.ask()
    answer = [*vocabulary.encode(question.truth), vocabulary.END_ID]
    tail, marks = vocabulary.tail_ids(question.text), list[Mark]()
    if question.kind == "above" and getattr(feed, "told", None):
        asked = recognise(question.text, ("above",))
        marks = heard.text(f"\n{question.text}", tail, Told(asked.name, asked.value))
    point = lines[-1].start + len(lines[-1].ids)
    bound = list[Bound]()
    if hasattr(feed, "spans"):
        bound = bindings.in_answer(question, tail, len(answer))
    copied = places(feed, lines, question, answer[:-1])
    return Fork(point, question, tail, answer, marks, copied, bound)


def play(feed: Feed, tokens: int, rate: float, rng: random.Random) -> Played:
    """Exactly `tokens` of a feed, and about `rate` questions after each of its whole lines."""
    ids, forks, marks, heard = [vocabulary.BOS_ID], list[Fork](), list[Mark](), Heard()
    lines, parts, bound = list[Line](), [OTHER], list[Bound]()
    while len(ids) < tokens:
        line = feed.line()
        said = vocabulary.line_ids(line)
        if told := getattr(feed, "told", None):  # not every feed tells numbers
            marks += [mark.moved(len(ids)) for mark in heard.line(line, said, told)]
        spans = getattr(feed, "spans", None)
        part = [UNKNOWN] * len(said) if spans is None else roles(line, said, spans)
        bound += _moved(bindings.in_line(part, rng), len(ids))
        parts += part
        lines.append(Line(line, said, len(ids)))
        ids += said
        if len(ids) <= tokens:
            asked = int(rate) + (rng.random() < rate % 1)
            forks += [ask(feed, lines, heard) for _ in range(asked)]
    marks = [mark for mark in marks if mark.at < tokens]
    bound = [one for one in bound if one[0] < tokens]
    return Played(ids[:tokens], forks, marks, parts[:tokens], bound)


def pack(feeds: list[Played], room: int, rng: random.Random) -> Batch:
    """Feeds of equal length, each with as many of its forks as fit into `room` tokens."""
    tokens = len(feeds[0].ids)
    ids = np.full((len(feeds), tokens + room), vocabulary.END_ID)
    seen = np.zeros((len(feeds), room), dtype=np.int64)
    begins = np.tile(np.arange(room), (len(feeds), 1))
    rows, targets, kinds, ends = [], [], list[str](), list[bool]()
    pointed = list[tuple[int, int, list[int]]]()
    bound = [(index, *one) for index, feed in enumerate(feeds) for one in feed.bound]
    marks = [(index, mark) for index, feed in enumerate(feeds) for mark in feed.marks]
    for index, feed in enumerate(feeds):
        ids[index, :tokens] = feed.ids
        rng.shuffle(feed.forks)
        edges = [0, *np.cumsum([len(fork.ids) for fork in feed.forks])]
        for fork, (start, stop) in zip(feed.forks, pairwise(edges), strict=True):
            if stop > room:
                break
            ids[index, tokens + start : tokens + stop] = fork.ids
            seen[index, start:stop], begins[index, start:stop] = fork.point, start
            marks += [(index, mark.moved(tokens + int(start))) for mark in fork.marks]
            first = start + len(fork.tail) - 1
            rows += [(index, first + step) for step in range(len(fork.answer))]
            copied = enumerate(fork.places, tokens + int(first))
            pointed += [(index, at, places) for at, places in copied]
            bound += [(index, *one) for one in _moved(fork.bound, tokens + int(start))]
            targets += fork.answer
            kinds += [fork.question.kind] * len(fork.answer)
            ends += [step + 1 == len(fork.answer) for step in range(len(fork.answer))]
    layout = Layout(tokens, torch.from_numpy(seen), torch.from_numpy(begins))
    where = torch.tensor(rows, dtype=torch.long).view(-1, 2)
    wanted = torch.tensor(targets, dtype=torch.long)
    digits, wholes = (
        _marked([one for one in marks if one[1].whole is whole]) for whole in (False, True)
    )
    parts = torch.tensor([feed.roles for feed in feeds])
    return Batch(
        torch.from_numpy(ids), layout, where, wanted, kinds, ends,
        digits, wholes, _pointed(pointed), _pointed(sorted(bound)), parts,
    )  # fmt: skip


def _moved(bound: list[Bound], tokens: int) -> list[Bound]:
    """The same so many tokens on."""
    return [(at + tokens, [place + tokens for place in name]) for at, name in bound]


def _pointed(found: list[tuple[int, int, list[int]]]) -> Pointed:
    rows = torch.tensor([(index, row) for index, row, _ in found], dtype=torch.long)
    places = torch.tensor([at + [-1] * (MOST - len(at)) for _, _, at in found], dtype=torch.long)
    return Pointed(rows.view(-1, 2), places.view(-1, MOST))


def _marked(marks: list[tuple[int, Mark]]) -> Marked:
    rows = torch.tensor([(index, mark.at) for index, mark in marks], dtype=torch.long)
    compared = torch.tensor([mark.compared for _, mark in marks], dtype=torch.long)
    return Marked(rows.view(-1, 2), compared.view(-1, len(RELATIONS)))


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
