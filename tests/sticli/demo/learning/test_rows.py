"""Tokens that are never an answer get rows as those that are."""

import random

import torch

from sticli.demo.learning import rows, vocabulary
from sticli.demo.learning.packing import make_batch


def test_rows_without_answers_are_put_on_the_line_of_the_others() -> None:
    torch.manual_seed(1)
    embedding, line = torch.randn(900, 8), torch.randn(8, 8)
    output, times = embedding @ line + 0.5, torch.randint(0, 9, (900,))
    spoiled = torch.where(times[:, None] > 0, output, output - 4)
    found = rows.fill(embedding, spoiled, times)
    assert torch.equal(found[times > 0], output[times > 0])
    assert (found - output).abs().max() < 0.5
    assert (spoiled - output).abs().max() >= 4


def test_what_is_answered_is_counted() -> None:
    times = rows.answered(len(vocabulary.TOKENS))
    assert times.shape == (len(vocabulary.TOKENS),)
    assert (times == 0).any()
    batch = make_batch(random.Random("cnt 0"), *rows.SIZES)
    assert int(times[batch.targets].min()) > 0
    assert int(times[vocabulary.END_ID]) > 1000
