"""What every engine promises of branches: they begin alike, and live by themselves."""

import pytest

from sticli.daemon.engines.base import Exhausted, Plan, Row
from tests.daemon.engines.conftest import CELLS, Subject
from tests.daemon.engines.contract import append, assert_same, fresh, state, tokens_of

PLAIN = ["fake", "fake-shares", "tiny", "tiny-flash", "embedded", "gpu", "gpu-q8", "gpu-window"]

plain = pytest.mark.parametrize("subject", PLAIN, indirect=True)


@plain
@pytest.mark.parametrize("length", [1, 77, 150])
def test_a_branch_equals_a_fresh_prefill(subject: Subject, length: int) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 150)
    parent, following = engine.open(200), tokens_of(subject, 30, seed=2)
    append(engine, parent, tokens)
    branch = engine.branch(parent, length, 250)
    assert engine.length(branch) == length
    assert_same(
        subject, append(engine, branch, following), fresh(subject, tokens[:length] + following)
    )
    assert_same(subject, append(engine, parent, following), fresh(subject, tokens + following))


@plain
def test_a_branch_lives_on_alone(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 120)
    parent = engine.open(200)
    append(engine, parent, tokens)
    fork = engine.fork(parent, 90)
    branch = engine.branch(fork, 80, 300)
    assert state(engine, parent, branch) == (
        500,
        120 if engine.shares else 200,
        (120, 80),
        (80, 220),
    )
    engine.drop(parent)
    engine.drop(fork)
    assert state(engine, branch) == (300, 80, (80, 220))
    twig = engine.fork(branch, 40)  # it reaches back as any sequence does
    for seq, length in ((branch, 80), (twig, 40)):
        found = append(engine, seq, tokens[:9])
        assert_same(subject, found, fresh(subject, tokens[:length] + tokens[:9]))
    engine.drop(branch)
    engine.drop(twig)
    assert state(engine) == (0, 0)


@plain
def test_branches_do_not_meet(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 100)
    parent = engine.open(200)
    append(engine, parent, tokens)
    branches = [engine.branch(parent, 100, 200) for _ in range(4)]
    rows = [Row(seq, [65 + index] * 5, 100) for index, seq in enumerate(branches)]
    engine.run(Plan(tuple(rows)))
    engine.cut(branches[0], 50)
    engine.cut(branches[1], 0)
    for index, seq in enumerate(branches):
        length = (50, 0, 105, 105)[index]
        begin = (tokens + [65 + index] * 5)[:length]
        assert_same(subject, append(engine, seq, [70]), fresh(subject, [*begin, 70]))


@plain
def test_a_refused_branch_leaves_nothing_behind(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 60)
    seq = engine.open(100)
    append(engine, seq, tokens)
    before = state(engine, seq)
    for length, limit in ((60, CELLS), (60, 59), (0, CELLS)):
        with pytest.raises(Exhausted):
            engine.branch(seq, length, limit)
        assert state(engine, seq) == before
    for length in (-1, 61):
        with pytest.raises(ValueError):
            engine.branch(seq, length, 100)
        assert state(engine, seq) == before
    assert_same(subject, append(engine, seq, [65]), fresh(subject, [*tokens, 65]))


@pytest.mark.parametrize("subject", ["tiny-window", "recurrent"], indirect=True)
def test_a_model_that_cannot_reach_back_is_not_branched(subject: Subject) -> None:
    engine = subject.engine
    seq = engine.open(100)
    append(engine, seq, tokens_of(subject, 60))
    before = state(engine, seq)
    with pytest.raises(Exhausted, match="reach back"):
        engine.branch(seq, 60, 100)
    assert state(engine, seq) == before
    empty = engine.branch(seq, 0, 100)
    assert_same(subject, append(engine, empty, [65]), fresh(subject, [65]))
