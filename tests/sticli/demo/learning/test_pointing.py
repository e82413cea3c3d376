"""What heads are told to look at: the loss is that of their attention, and teaches what asks and
what is asked.
"""

import random

import pytest
import torch

from sticli.demo.learning import circuits, train, vocabulary
from sticli.demo.learning.circuits import MATCHING
from sticli.demo.learning.model import Model, Shape
from sticli.demo.learning.packing import Batch, make_batch, pack, play
from sticli.demo.learning.pointing import Pointing
from sticli.demo.world.market import Market

SHAPE = Shape(len(vocabulary.TOKENS), width=64, layers=6, heads=2, hidden=96)


@pytest.fixture(scope="module")
def batch() -> Batch:
    return make_batch(random.Random(2), 4, 128, 128)


def pointed(model: Model, batch: Batch) -> Pointing:
    pointing = Pointing(model, batch)
    train.answers(model, batch, pointing)
    return pointing


def test_the_loss_is_of_the_attention_that_the_model_pays(batch: Batch) -> None:
    torch.manual_seed(0)
    model = Model(SHAPE)
    block, paid = model.blocks[MATCHING[0]], list[torch.Tensor]()

    def attend(module: object, given: tuple[torch.Tensor, ...]) -> None:
        """The attention of a matching layer, worked out the long way."""
        stream = given[0]
        normal, layer = block.attention_norm(stream), block.attention
        turns = torch.view_as_real(pointing._turns).squeeze(2)
        cosine, sine = turns.unbind(-1)

        def turned(flat: torch.Tensor) -> torch.Tensor:
            even, odd = (
                flat.unflatten(-1, (2, -1))[..., 0::2],
                flat.unflatten(-1, (2, -1))[..., 1::2],
            )
            c, s = cosine[:, :, None], sine[:, :, None]
            return torch.stack((even * c - odd * s, even * s + odd * c), -1).flatten(-2)

        q, k = turned(layer.q(normal)), turned(layer.k(normal))
        for (index, row), places in zip(batch.pointed.rows, batch.pointed.places, strict=True):
            sees = int(batch.layout.seen[index, row])
            first, at = int(batch.layout.first[index, row]), batch.layout.feed + int(row)
            open_to = [*range(sees), *range(batch.layout.feed + first, at + 1)]
            scores = torch.einsum("hd,thd->ht", q[index, at], k[index, open_to]) / 32**0.5
            share = scores.softmax(-1)[:, [one for one in places.tolist() if one >= 0]]
            paid.append(share.sum(-1))

    pointing = Pointing(model, batch)
    handle = block.register_forward_pre_hook(attend)
    with torch.no_grad():
        train.answers(model, batch, pointing)
    handle.remove()
    torch.testing.assert_close(pointing._seen[0].exp(), torch.stack(paid, 1), atol=1e-5, rtol=1e-4)
    assert pointing.loss == -torch.cat(pointing._seen).amax(0).mean()


def test_it_teaches_what_asks_and_what_is_asked_and_nothing_later(batch: Batch) -> None:
    torch.manual_seed(0)
    model = Model(SHAPE)
    pointed(model, batch).loss.backward()
    for name, layers in (("q", 5), ("k", 5), ("v", 4), ("o", 4)):
        grads = [getattr(block.attention, name).weight.grad for block in model.blocks]
        assert [one is not None and bool(one.any()) for one in grads] == [
            layer < layers for layer in range(6)
        ]


def test_the_circuits_begin_where_they_are_told_to_look() -> None:
    torch.manual_seed(1)
    model, noise = Model(Shape(len(vocabulary.TOKENS))), Model(Shape(len(vocabulary.TOKENS)))
    circuits.initialise(model)
    rng = random.Random(4)
    batch = pack([play(Market(seed), 128, 1.5, rng) for seed in range(4)], 128, rng)
    with torch.no_grad():
        assert pointed(model, batch).loss < pointed(noise, batch).loss - 0.2


@pytest.mark.parametrize("layers", [2, 6])
def test_without_places_or_layers_that_match_there_is_nothing_to_learn(layers: int) -> None:
    shape = Shape(len(vocabulary.TOKENS), width=64, layers=layers, heads=2, hidden=96)
    tokens = 5 if layers == 6 else 60
    batch = pack([play(Market(1), tokens, 2.0, random.Random(1))], 40, random.Random(1))
    assert pointed(Model(shape), batch).loss.item() == 0
