"""What every engine promises; the fixture `subject` is one of each kind."""

import random

import numpy as np
import pytest

from sticli.daemon.engines.base import Exhausted, Plan, Row
from tests.daemon.engines.conftest import CELLS, CHUNK, Subject
from tests.daemon.engines.contract import append, assert_same, fresh, state, tokens_of


@pytest.mark.parametrize("seed", range(3))
def test_pieces_equal_one_pass(subject: Subject, seed: int) -> None:
    tokens = tokens_of(subject, 300, seed)
    seq = subject.engine.open(400)
    rng = random.Random(seed)
    at = 0
    while at < len(tokens):
        count = rng.choice([1, 2, 16, 90, 200])
        found = append(subject.engine, seq, tokens[at : at + count])
        at += count
    assert subject.engine.length(seq) == len(tokens)
    assert_same(subject, found, fresh(subject, tokens))


def test_wants(subject: Subject) -> None:
    tokens = tokens_of(subject, CHUNK + 20)  # longer than one call of the engine's own
    none, last, everything = (subject.engine.open(200) for _ in range(3))
    output = subject.engine.run(
        Plan(
            (Row(none, tokens, 0), Row(last, tokens, 0, "last"), Row(everything, tokens, 0, "all"))
        )
    ).logits
    assert output[0] is None
    assert output[1] is not None
    assert output[1].shape == (1, subject.vocabulary)
    assert output[2] is not None
    assert output[2].shape == (len(tokens), subject.vocabulary)
    assert_same(subject, output[1], output[2][-1:])
    for position in (0, 7, CHUNK - 1, CHUNK):
        assert_same(subject, output[2][position], fresh(subject, tokens[: position + 1]))


def test_logits_depend_on_every_token(subject: Subject) -> None:
    tokens = tokens_of(subject, 40)
    other = [*tokens[:-2], (tokens[-2] + 1) % 256, tokens[-1]]
    assert np.abs(fresh(subject, tokens) - fresh(subject, other)).max() > subject.tolerance


def test_fork_leaves_its_parent_unchanged(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 200)
    parent = engine.open(400)
    append(engine, parent, tokens[:150])
    fork = engine.fork(parent, 150)
    append(engine, fork, tokens_of(subject, 60, seed=9))
    assert_same(subject, append(engine, parent, tokens[150:]), fresh(subject, tokens))
    assert_same(
        subject,
        append(engine, fork, tokens[:5]),
        fresh(subject, tokens[:150] + tokens_of(subject, 60, seed=9) + tokens[:5]),
    )


@pytest.mark.parametrize("length", [0, 1, 77, 150])
def test_fork_at_an_earlier_length(subject: Subject, length: int) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 150)
    parent, question = engine.open(400), tokens_of(subject, 12, seed=5)
    append(engine, parent, tokens)
    fork = engine.fork(parent, length)
    assert engine.length(fork) == length
    assert_same(subject, append(engine, fork, question), fresh(subject, tokens[:length] + question))


def test_forks_in_one_plan_equal_each_alone(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 150)
    parent = engine.open(600)
    append(engine, parent, tokens)
    questions = [tokens_of(subject, 5 + index, seed=index) for index in range(12)]
    forks = [engine.fork(parent, 150 - index) for index in range(len(questions))]
    rows = [
        Row(fork, question, engine.length(fork), "last")
        for fork, question in zip(forks, questions, strict=True)
    ]
    output = engine.run(Plan(tuple(rows))).logits
    for index, question in enumerate(questions):
        found = output[index]
        assert found is not None
        assert_same(subject, found[0], fresh(subject, tokens[: 150 - index] + question))


def test_families_in_one_plan_equal_each_alone(subject: Subject) -> None:
    engine = subject.engine
    texts = [tokens_of(subject, 40 + index, seed=index) for index in range(4)]
    seqs = [engine.open(100) for _ in texts]
    forks = []
    for seq, text in zip(seqs, texts, strict=True):
        append(engine, seq, text)
        forks.append(engine.fork(seq, 40))
    mixed = [item for pair in zip(forks, seqs, strict=True) for item in pair]
    rows = tuple(Row(seq, [65], engine.length(seq), "last") for seq in mixed)
    logits = engine.run(Plan(rows)).logits
    for index, text in enumerate(texts):
        for found, expected in zip(
            logits[2 * index : 2 * index + 2], (text[:40], text), strict=True
        ):
            assert found is not None
            assert_same(subject, found[0], fresh(subject, [*expected, 65]))


def test_fork_outlives_its_parent(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 120)
    parent = engine.open(200)
    append(engine, parent, tokens)
    fork = engine.fork(parent, 100)
    grandchild = engine.fork(fork, 60)
    engine.drop(parent)
    assert state(engine, fork) == (200, 100, (100, 100))
    engine.drop(fork)
    assert state(engine, grandchild) == (200, 60, (60, 140))
    assert_same(
        subject, append(engine, grandchild, tokens[:9]), fresh(subject, tokens[:60] + tokens[:9])
    )
    engine.drop(grandchild)
    assert state(engine) == (0, 0)


def test_cut_then_continue(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 200)
    seq = engine.open(300)
    append(engine, seq, tokens)
    engine.cut(seq, 90)
    assert state(engine, seq) == (300, 90, (90, 210))
    continued = tokens_of(subject, 40, seed=3)
    assert_same(subject, append(engine, seq, continued), fresh(subject, tokens[:90] + continued))
    engine.cut(seq, 0)
    assert_same(subject, append(engine, seq, continued), fresh(subject, continued))


def test_budget(subject: Subject) -> None:
    engine = subject.engine
    assert engine.cells == CELLS
    first = engine.open(CELLS - 500)
    with pytest.raises(Exhausted):
        engine.open(501)
    second = engine.open(500)
    assert state(engine, first, second) == (CELLS, 0, (0, CELLS - 500), (0, 500))
    engine.drop(second)
    assert engine.reserved == CELLS - 500
    engine.drop(first)
    assert state(engine) == (0, 0)


def test_a_plan_that_does_not_fit_changes_nothing(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 90)
    small, large = engine.open(100), engine.open(300)
    append(engine, small, tokens)
    fork = engine.fork(small, 50)
    before = state(engine, small, fork, large)
    for rows in (
        (Row(small, tokens[:11], 90),),
        (Row(large, tokens, 0), Row(small, tokens[:6], 90), Row(fork, tokens[:5], 50)),
    ):
        with pytest.raises(Exhausted):
            engine.run(Plan(rows))
        assert state(engine, small, fork, large) == before
    engine.run(Plan((Row(small, tokens[:6], 90), Row(fork, tokens[:4], 50))))
    assert engine.free(small) == engine.free(fork) == 0
    assert_same(subject, append(engine, large, tokens), fresh(subject, tokens))


def test_forks_run_out_and_come_back(subject: Subject) -> None:
    engine = subject.engine
    seq = engine.open(100)
    append(engine, seq, tokens_of(subject, 20))
    forks = [engine.fork(seq, 20) for _ in range(64)]
    with pytest.raises(Exhausted):
        forks.extend(engine.fork(seq, 20) for _ in range(1000))
    assert state(engine, seq) == (100, 20, (20, 80))
    engine.drop(forks.pop())
    forks.append(engine.fork(seq, 10))
    assert engine.length(forks[-1]) == 10


def test_misuse_is_refused_and_changes_nothing(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 20)
    seq, other = engine.open(100), engine.open(100)
    append(engine, seq, tokens)
    before = state(engine, seq, other)
    for rows in (
        (),
        (Row(seq, tokens, 19),),
        (Row(seq, tokens, 21),),
        (Row(seq, [], 20, "last"),),
        (Row(other, tokens, 0), Row(seq, [subject.vocabulary], 20)),
        (Row(other, tokens, 0), Row(seq, [-1], 20)),
        (Row(seq, tokens, 20), Row(seq, tokens, 20)),
    ):
        with pytest.raises(ValueError):
            engine.run(Plan(rows))
        assert state(engine, seq, other) == before
    for length in (-1, 21):
        with pytest.raises(ValueError):
            engine.fork(seq, length)
        with pytest.raises(ValueError):
            engine.cut(seq, length)
    assert state(engine, seq, other) == before
