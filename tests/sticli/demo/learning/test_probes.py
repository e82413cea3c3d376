"""The probes read the layers they are for, and their loss reaches what lies below."""

import random

import pytest
import torch

from sticli.demo.learning import train, vocabulary
from sticli.demo.learning.marks import RELATIONS
from sticli.demo.learning.model import Model, Shape
from sticli.demo.learning.packing import Batch, make_batch, pack, play
from sticli.demo.learning.probes import Probes, Probing
from sticli.demo.world.logs import Logs

SHAPE = Shape(len(vocabulary.TOKENS), width=64, layers=4, heads=2, hidden=96)


@pytest.fixture(scope="module")
def batch() -> Batch:
    return make_batch(random.Random(2), 6, 256, 128)


def test_digits_are_read_early_and_whole_numbers_late() -> None:
    assert Probes(Shape(8)).layers == {"digits": 2, "wholes": 4}
    assert Probes(Shape(8, layers=2)).layers == {"digits": 0, "wholes": 0}


def test_the_loss_reaches_the_layers_below_and_none_above(batch: Batch) -> None:
    torch.manual_seed(0)
    model, probes = Model(SHAPE), Probes(SHAPE)
    probing = Probing(probes, batch)
    train.answers(model, batch, probing)
    probing.loss.backward()
    assert [block.down.weight.grad is not None for block in model.blocks] == [True] * 3 + [False]
    assert model.output.weight.grad is None


def test_it_counts_what_is_right_of_what_can_be_known(batch: Batch) -> None:
    torch.manual_seed(0)
    probing = Probing(Probes(SHAPE), batch)
    train.answers(Model(SHAPE), batch, probing)
    for name, marked in (("digits", batch.digits), ("wholes", batch.wholes)):
        known = (marked.compared >= 0).sum(0).tolist()
        assert min(known) > 0
        assert [len(probing.right[f"{name} {one}"]) for one in RELATIONS] == known


def test_a_feed_without_numbers_has_nothing_to_probe() -> None:
    rng = random.Random(1)
    batch = pack([play(Logs(1), 96, 1.0, rng)], 64, rng)
    probing = Probing(Probes(SHAPE), batch)
    train.answers(Model(SHAPE), batch, probing)
    assert probing.loss.item() == 0
    assert not any(probing.right.values())
