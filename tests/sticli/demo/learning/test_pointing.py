"""What heads are told to look at: the loss is that of their attention, and teaches what asks and
what is asked.
"""

import random

import pytest
import torch

from sticli.demo.learning import circuits, train, vocabulary
from sticli.demo.learning.circuits import BINDING, MATCHING
from sticli.demo.learning.model import Model, Shape
from sticli.demo.learning.packing import Batch, make_batch, pack, play
from sticli.demo.learning.pointing import Pointing
from sticli.demo.world.market import Market

SHAPE = Shape(len(vocabulary.TOKENS), width=64, layers=6, heads=2, hidden=96)


@pytest.fixture(scope="module")
def batch() -> Batch:
    return make_batch(random.Random(2), 4, 128, 128)


def pointed(model: Model, batch: Batch, layers: tuple[int, ...] = MATCHING) -> Pointing:
    told = batch.pointed if layers == MATCHING else batch.bound
    pointing = Pointing(model, batch.layout, told, layers)
    train.answers(model, batch, pointing)
    return pointing


@pytest.mark.parametrize("layers", [MATCHING, (BINDING,)])
def test_the_loss_is_of_the_attention_that_the_model_pays(
    batch: Batch, layers: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    model = Model(SHAPE)
    block, paid = model.blocks[layers[0]], list[torch.Tensor]()

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
        layout = batch.layout
        for (index, at), places in zip(pointing_rows, pointing._places, strict=True):
            open_to = [*range(at + 1)]
            if (row := at - layout.feed) >= 0:
                sees, first = int(layout.seen[index, row]), int(layout.first[index, row])
                open_to = [*range(sees), *range(layout.feed + first, at + 1)]
            scores = torch.einsum("hd,thd->ht", q[index, at], k[index, open_to]) / 32**0.5
            there = [open_to.index(one) for one in places.tolist() if one >= 0]
            share = scores.softmax(-1)[:, there]
            paid.append(share.sum(-1))

    told = batch.pointed if layers == MATCHING else batch.bound
    pointing, pointing_rows = Pointing(model, batch.layout, told, layers), told.rows.tolist()
    handle = block.register_forward_pre_hook(attend)
    with torch.no_grad():
        train.answers(model, batch, pointing)
    handle.remove()
    torch.testing.assert_close(pointing._seen[0].exp(), torch.stack(paid, 1), atol=1e-5, rtol=1e-4)
    assert pointing.loss == -torch.cat(pointing._seen).amax(0).mean()


@pytest.mark.parametrize("layers", [MATCHING, (BINDING,)])
def test_it_teaches_what_asks_and_what_is_asked_and_nothing_later(
    batch: Batch, layers: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    model, last = Model(SHAPE), layers[-1]
    pointed(model, batch, layers).loss.backward()
    for name, reached in (("q", last), ("k", last), ("v", last - 1), ("o", last - 1)):
        grads = [getattr(block.attention, name).weight.grad for block in model.blocks]
        assert [one is not None and bool(one.any()) for one in grads] == [
            layer <= reached for layer in range(6)
        ]


def test_the_circuits_begin_where_they_are_told_to_look() -> None:
    torch.manual_seed(1)
    model, noise = Model(Shape(len(vocabulary.TOKENS))), Model(Shape(len(vocabulary.TOKENS)))
    circuits.initialise(model)
    rng = random.Random(4)
    batch = pack([play(Market(seed), 128, 1.5, rng) for seed in range(4)], 128, rng)
    with torch.no_grad():
        for layers in (MATCHING, (BINDING,)):
            assert pointed(model, batch, layers).loss < pointed(noise, batch, layers).loss - 0.2


@pytest.mark.parametrize("layers", [2, 6])
@pytest.mark.parametrize("told", [MATCHING, (BINDING,)])
def test_without_places_or_layers_that_match_there_is_nothing_to_learn(
    layers: int, told: tuple[int, ...]
) -> None:
    layers = 1 if (layers, told) == (2, (BINDING,)) else layers
    shape = Shape(len(vocabulary.TOKENS), width=64, layers=layers, heads=2, hidden=96)
    tokens = 5 if layers == 6 else 60
    batch = pack([play(Market(1), tokens, 2.0, random.Random(1))], 40, random.Random(1))
    assert pointed(Model(shape), batch, told).loss.item() == 0
