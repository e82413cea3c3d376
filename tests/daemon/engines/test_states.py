"""What every engine promises of saved states; the fixture `subject` is one of each kind."""

import random

import pytest

from sticli.daemon.engines.base import Damaged, Exhausted
from tests.daemon.engines.conftest import CELLS, Subject
from tests.daemon.engines.contract import append, assert_same, fresh, state, tokens_of


def test_save_and_load(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 150)
    parent = engine.open(400)
    append(engine, parent, tokens)
    fork = engine.fork(parent, 100)
    append(engine, fork, tokens[:30])
    data = engine.save(fork)
    loaded = engine.load(data, 130, 200)
    assert state(engine, loaded) == (600, 310, (130, 70))
    following = tokens_of(subject, 20, seed=4)
    assert_same(subject, append(engine, loaded, following), append(engine, fork, following))
    with pytest.raises(Exhausted):
        engine.load(data, 130, 129)
    with pytest.raises(Exhausted):
        engine.load(data, 130, CELLS)
    empty = engine.load(engine.save(engine.open(50)), 0, 50)
    assert_same(subject, append(engine, empty, following), fresh(subject, following))


@pytest.mark.parametrize("subject", ["tiny-window"], indirect=True)
def test_a_restored_window_refuses_an_earlier_past(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 150)
    seq = engine.open(200)
    append(engine, seq, tokens)
    loaded = engine.load(engine.save(seq), 150, 300)
    before = state(engine, loaded)
    for length in (1, 60, 140):
        with pytest.raises(Exhausted):
            engine.fork(loaded, length)
        with pytest.raises(Exhausted):
            engine.cut(loaded, length)
    assert state(engine, loaded) == before
    fork = engine.fork(loaded, 150)
    append(engine, loaded, tokens[:50])
    assert_same(subject, append(engine, fork, [65]), fresh(subject, [*tokens, 65]))
    later = engine.fork(loaded, 160)
    assert_same(subject, append(engine, later, [65]), fresh(subject, [*tokens, *tokens[:10], 65]))


def test_damaged_states_are_refused(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 60)
    seq = engine.open(100)
    append(engine, seq, tokens)
    data = engine.save(seq)
    before = state(engine, seq)
    rng = random.Random(0)
    broken = [data[:length] for length in (0, 3, 16, 40, len(data) // 2, len(data) - 1)]
    broken += [rng.randbytes(length) for length in (1, 60, len(data))]
    broken += [data + b"\0", bytes(len(data)), data[:200] + data[:200]]
    for _ in range(100):
        flipped = bytearray(data)
        flipped[rng.choice([rng.randrange(80), rng.randrange(len(data))])] ^= 1 << rng.randrange(8)
        broken.append(bytes(flipped))
    for item in broken:
        with pytest.raises(Damaged):
            engine.load(item, 60, 100)
    for count in (0, 59, 61):
        with pytest.raises(Damaged):
            engine.load(data, count, 100)
    assert state(engine, seq) == before
    assert engine.length(engine.load(data, 60, 100)) == 60
