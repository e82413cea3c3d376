"""What the contract's tests do to an engine, and when two logits count as the same."""

import random

import numpy as np

from sticli.daemon.engines.base import Engine, Logits, Plan, Row, Seq
from tests.daemon.engines.conftest import CELLS, Subject


def tokens_of(subject: Subject, count: int, seed: int = 0) -> list[int]:
    """Random plain tokens, the same for the same seed."""
    rng = random.Random(seed)
    return [rng.randrange(min(subject.vocabulary, 256)) for _ in range(count)]


def append(engine: Engine, seq: Seq, tokens: list[int], piece: int = CELLS) -> Logits:
    """The logits after the last token, appended in pieces of `piece`."""
    for at in range(0, len(tokens), piece):
        row = Row(seq, tokens[at : at + piece], engine.length(seq), "last")
        (logits,) = engine.run(Plan((row,))).logits
    assert logits is not None
    return logits[-1]


def fresh(subject: Subject, tokens: list[int]) -> Logits:
    """The logits after `tokens` in a sequence of their own."""
    seq = subject.engine.open(len(tokens))
    try:
        return append(subject.engine, seq, tokens)
    finally:
        subject.engine.drop(seq)


def assert_same(subject: Subject, found: Logits | None, expected: Logits | None) -> None:
    """Equal within the engine's tolerance, with the same first choice unless it is a close call."""
    assert found is not None
    assert expected is not None
    assert (found.shape, found.dtype) == (expected.shape, np.float32)
    np.testing.assert_allclose(found, expected, rtol=0, atol=subject.tolerance)
    best = np.argmax(found, axis=-1)
    loss = expected.max(axis=-1) - np.take_along_axis(expected, best[..., None], -1)[..., 0]
    assert np.all(loss <= 2 * subject.tolerance)


def state(engine: Engine, *seqs: Seq) -> tuple[object, ...]:
    """All that can be counted."""
    return (
        engine.reserved,
        engine.used,
        *((engine.length(seq), engine.free(seq)) for seq in seqs),
    )
