"""The probes read the layers they are for, and their loss reaches what lies below."""

import itertools
import random
from dataclasses import replace

import pytest
import torch

from sticli.demo.learning import train, vocabulary
from sticli.demo.learning.marks import RELATIONS
from sticli.demo.learning.model import Model, Shape
from sticli.demo.learning.packing import Batch, Marked, make_batch, pack, play
from sticli.demo.learning.probes import Probes, Probing
from sticli.demo.learning.roles import OTHER, UNKNOWN
from sticli.demo.world.logs import Logs

SHAPE = Shape(len(vocabulary.TOKENS), width=64, layers=6, heads=2, hidden=96)


@pytest.fixture(scope="module")
def batch() -> Batch:
    return make_batch(random.Random(2), 6, 256, 128)


def test_digits_are_read_early_and_whole_numbers_late() -> None:
    assert Probes(Shape(8)).layers == {"digits": 2, "wholes": 4}
    assert Probes(Shape(8, layers=2)).layers == {"digits": 0, "wholes": 0}


@pytest.mark.parametrize(("name", "reached"), [("digits", 3), ("wholes", 5)])
def test_the_loss_reaches_the_layers_below_and_none_above(
    batch: Batch, name: str, reached: int
) -> None:
    torch.manual_seed(0)
    model, nothing = Model(SHAPE), Marked(torch.empty(0, 2).long(), torch.empty(0, 4).long())
    other = {"digits": "wholes", "wholes": "digits"}[name]
    unknown = torch.full_like(batch.roles, UNKNOWN)
    probing = Probing(Probes(SHAPE), replace(batch, roles=unknown, **{other: nothing}))
    train.answers(model, batch, probing)
    probing.loss.backward()
    weights = [block.down.weight for block in model.blocks]
    found = [weight.grad is not None and bool(weight.grad.any()) for weight in weights]
    assert found == [layer < reached for layer in range(6)]
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
    probing = Probing(Probes(SHAPE), replace(batch, roles=torch.full_like(batch.roles, UNKNOWN)))
    train.answers(Model(SHAPE), batch, probing)
    assert probing.loss.item() == 0
    assert not any(probing.right.values())


def test_roles_are_asked_of_every_token_and_counted_where_a_field_begins(batch: Batch) -> None:
    torch.manual_seed(0)
    nothing = Marked(torch.empty(0, 2).long(), torch.empty(0, 4).long())
    model, probes = Model(SHAPE), Probes(SHAPE)
    probing = Probing(probes, replace(batch, digits=nothing, wholes=nothing))
    train.answers(model, batch, probing)
    begins = [
        one
        for feed in batch.roles.tolist()
        for before, one in itertools.pairwise(feed)
        if one not in (before, OTHER)
    ]
    assert len(probing.right["roles"]) == len(begins) > 100
    probing.loss.backward()
    grads = [block.down.weight.grad for block in model.blocks]
    found = [grad is not None and bool(grad.any()) for grad in grads]
    assert found == [True] * 3 + [False] * 3
    assert probes.roles.weight.grad is not None
    assert all(bool(row.any()) for row in probes.roles.weight.grad)
