"""What the heads do before any training: look back, bind the name, prefer the near."""

import random
from collections.abc import Callable
from operator import itemgetter

import pytest
import torch
from torch import Tensor

from sticli.demo.learning import circuits, vocabulary
from sticli.demo.learning.circuits import COMPARING, MATCHING, Head
from sticli.demo.learning.model import Attention, Model, Shape, plain, rotate, rotations, scene

LINES = ("10:02:11 ACME 131.25", "10:02:14 QRTV 8.5", '{"time":"10:02:15","symbol":"QRTV"}')
TAIL = "\nlast price of ACME?"


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(2)
    made = Model(Shape(len(vocabulary.TOKENS)))
    circuits.initialise(made)
    return made


def shares(model: Model, layer: int, head: int, ids: list[int]) -> Tensor:
    """Where a head looks: [tokens, tokens]."""
    made = scene(plain(len(ids)), model.shape, torch.float32)
    x = model.embedding(torch.tensor([ids]))
    with torch.no_grad():
        for block in model.blocks[:layer]:
            x = block(x, made)
        block = model.blocks[layer]
        attention: Attention = block.attention
        normal = block.attention_norm(x)
        q, k = (
            rotate(part(normal).unflatten(-1, (model.shape.heads, -1)), made.turns)[0, :, head]
            for part in (attention.q, attention.k)
        )
        later = torch.full((len(ids), len(ids)), -torch.inf).triu(1)
        found: Tensor = (q @ k.T * model.shape.head**-0.5 + later).softmax(-1)
    return found


def ids_of(*lines: str) -> list[int]:
    return [vocabulary.BOS_ID, *(one for line in lines for one in vocabulary.line_ids(line))]


@pytest.mark.parametrize("distance", [1, 2, 3])
def test_the_first_layer_looks_back(model: Model, distance: int) -> None:
    looked = shares(model, 0, distance - 1, ids_of(*LINES))
    best = looked.argmax(-1)[distance:]
    assert best.tolist() == list(range(len(best)))
    assert looked.diagonal(-distance).mean() > 0.9


def test_the_second_layer_finds_the_name_before(model: Model) -> None:
    ids = ids_of(*LINES) + vocabulary.tail_ids("last price of ACME?")
    looked = shares(model, 1, 0, ids)
    tokens = [vocabulary.TOKENS[one] for one in ids]
    asked = tokens[int(looked[-1].argmax())]
    assert asked in ("AC", "ME")
    price = tokens.index(".")
    assert tokens[int(looked[price].argmax())] in ("AC", "ME")


def test_recency_falls_with_distance(model: Model) -> None:
    attention: Attention = model.blocks[MATCHING[0]].attention
    head = Head(attention, 0, model.shape)
    back = torch.tensor([0.0, 20, 100, 500, 2000, 8000])
    q, k = (part.bias[head.rows].detach()[None, None, None] for part in (attention.q, attention.k))
    turned = rotate(q.expand(1, len(back), 1, -1), rotations(back[None], model.shape))
    scores = (turned * k).sum(-1).flatten()
    assert scores.diff().max() < 0
    assert scores[0] - scores[-1] > 20


SEEKS: tuple[Callable[[list[str]], str], ...] = (itemgetter(0), itemgetter(-1), max, min)


@pytest.mark.parametrize("head", range(4), ids=["first", "last", "greatest", "least"])
def test_the_third_layer_finds_what_a_number_is_compared_to(model: Model, head: int) -> None:
    found = 0
    for seed in range(20):
        rng = random.Random(seed)
        numbers = [f"13{digit}.{rng.randrange(10, 99)}" for digit in rng.sample("0123456789", 4)]
        between = ["10:02:13 QRTV 8.5"] * 3
        lines = [line for number in numbers for line in (f"10:02:11 ACME {number}", *between)]
        ids = ids_of(*lines, "10:02:14 ACME 133")
        looked = int(shares(model, COMPARING, head, ids)[-2].argmax())  # of the last 3
        found += vocabulary.decode(ids[looked - 2 : looked + 4]) == SEEKS[head](numbers)
    assert found > 11  # of 20, chance finds 5


def test_the_same_seed_is_the_same_start() -> None:
    def start() -> Tensor:
        torch.manual_seed(5)
        made = Model(Shape(len(vocabulary.TOKENS)))
        circuits.initialise(made)
        return torch.cat([parameter.flatten() for parameter in made.parameters()])

    assert torch.equal(start(), start())
