"""Forks that ended serve the next ones: never another's cells, never one cell or slot too many."""

import llama_cpp
import pytest

from sticli.daemon.engines.base import Exhausted, Row, Seq
from sticli.daemon.engines.family import Family
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.spares import MOST
from sticli.daemon.engines.tuning import SLOTS
from tests.daemon.engines.conftest import Subject
from tests.daemon.engines.contract import append, assert_same, fresh, tokens_of

tiny = pytest.mark.parametrize("subject", ["tiny"], indirect=True)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many cells each fork had llama.cpp mark."""
    found: list[int] = []
    real = llama_cpp.llama_memory_seq_cp

    def mark(memory: object, source: int, slot: int, begin: int, end: int) -> None:
        found.append(end - begin)
        real(memory, source, slot, begin, end)

    monkeypatch.setattr(llama_cpp, "llama_memory_seq_cp", mark)
    return found


def family_of(engine: object, seq: Seq) -> tuple[Family, int]:
    assert isinstance(engine, LlamaCpp)
    return engine._places[seq]


@tiny
def test_the_next_fork_marks_what_came_since(subject: Subject, marked: list[int]) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 60)
    seq = engine.open(150)
    append(engine, seq, tokens[:50])
    for length, grown in ((50, 50), (50, 0), (60, 10), (30, 0), (60, 30)):
        if length > engine.length(seq):
            append(engine, seq, tokens[50:length])
        fork = engine.fork(seq, length)
        assert marked.pop() == grown
        question = tokens_of(subject, 5, seed=length)
        found = append(engine, fork, question)
        assert_same(subject, found, fresh(subject, tokens[:length] + question))
        engine.drop(fork)
        assert engine.used == engine.length(seq)
    engine.drop(seq)
    assert (engine.used, engine.reserved) == (0, 0)


@tiny
def test_ended_forks_hold_no_cell_that_their_parent_gave_up(subject: Subject) -> None:
    engine, tokens = subject.engine, tokens_of(subject, 60)
    seq = engine.open(150)
    append(engine, seq, tokens)
    first, second = engine.fork(seq, 60), engine.fork(seq, 60)
    engine.drop(first)
    engine.cut(seq, 20)
    assert engine.used == 60  # of `second`
    engine.drop(second)
    assert engine.used == 20
    other = tokens_of(subject, 40, seed=1)
    append(engine, seq, other)
    fork = engine.fork(seq, 60)
    question = tokens_of(subject, 5, seed=2)
    expected = fresh(subject, tokens[:20] + other + question)
    assert_same(subject, append(engine, fork, question), expected)
    engine.drop(seq)
    assert engine.used == 65
    engine.drop(fork)
    assert (engine.used, engine.reserved) == (0, 0)


@tiny
def test_ended_forks_leave_every_slot_to_those_that_run(subject: Subject) -> None:
    engine = subject.engine
    seq = engine.open(150)
    append(engine, seq, tokens_of(subject, 30))
    for fork in [engine.fork(seq, 20) for _ in range(MOST + 3)]:
        engine.drop(fork)
    family, slot = family_of(engine, seq)
    assert family.members == 1
    ends = [family.add() for _ in range(SLOTS - 1)]
    with pytest.raises(Exhausted):
        family.fork(slot, 20)
    for end in ends:
        family.drop(end)
    assert family.decode([slot], [Row(seq, [1], 30, "last")])[0] is not None
