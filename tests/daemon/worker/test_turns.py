"""Deficit round robin: of sessions that always have work, none is ahead of another for long."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.engines.base import Seq
from sticli.daemon.worker.cost import Cost
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.step import Draft, Lane
from sticli.daemon.worker.template import Frame
from sticli.daemon.worker.transcript import Transcript
from sticli.daemon.worker.turns import Turns
from tests.fakes import FakeVocabulary

QUANTUM = 24
FRAME = Frame((), "\n", "", (), False)
ENCODE = FakeVocabulary().encode


def session(name: str) -> Session:
    return Session(name, "u", 1 << 20, Seq(1), FRAME, Transcript(FRAME.prefix, ENCODE), 0)


def question(of: Session, tail: int) -> Question:
    return Question("ask", 1, of, Seq(2), 0, [1] * tail, 8, False, 0, 0, 0, 0.0)


@dataclass
class Crowd:
    """Sessions whose questions are served step by step; `room` tokens fit a step."""

    turns: Turns[Question]
    served: dict[str, int]

    def step(self, room: int) -> dict[str, int]:
        """Serve one step; tokens by session."""
        draft = Draft(Cost(), 1e9, room)
        self.turns.fill(draft)
        found: dict[str, int] = {}
        for lane, count in draft.counts.items():
            assert isinstance(lane, Question)
            lane.length += count
            found[lane.session.name] = found.get(lane.session.name, 0) + count
            if not lane.waiting(1):
                self.turns.remove(lane)
        for name, count in found.items():
            self.served[name] = self.served.get(name, 0) + count
        return found


def crowd() -> Crowd:
    return Crowd(Turns(QUANTUM), {})


Arrival = st.tuples(st.integers(0, 9), st.integers(1, 90))  # session, tokens
Round = st.tuples(st.integers(1, 100), st.lists(Arrival, max_size=4))  # room, who comes


@given(st.integers(2, 6), st.lists(Round, min_size=1, max_size=80))
def test_who_always_has_work_gets_a_share_less_a_bounded_deficit(
    greedy: int, rounds: list[tuple[int, list[tuple[int, int]]]]
) -> None:
    found = crowd()
    always = [session(f"always {n}") for n in range(greedy)]
    for one in always:
        found.turns.append(question(one, 80 * 100 + 1))
    others = [session(f"now and then {n}") for n in range(10)]
    for room, arrivals in rounds:
        for n, tokens in arrivals:
            found.turns.append(question(others[n], tokens))
        assert sum(found.step(room).values()) == room
    shares = [found.served.get(one.name, 0) for one in always]
    assert max(shares) - min(shares) <= 2 * QUANTUM
    most = max(found.served.values())
    assert min(shares) >= most - 2 * QUANTUM  # nor is anybody else ahead of them
    everybody = len(set(found.served) | {one.name for one in always})
    assert min(shares) >= sum(found.served.values()) / everybody - 2 * QUANTUM


@given(st.lists(Round, min_size=1, max_size=60))
def test_nothing_is_left_and_nobody_waits_for_ever(
    rounds: list[tuple[int, list[tuple[int, int]]]],
) -> None:
    found = crowd()
    sessions = [session(str(n)) for n in range(10)]
    asked = 0
    for room, arrivals in rounds:
        for n, tokens in arrivals:
            found.turns.append(question(sessions[n], tokens))
            asked += tokens
        found.step(room)
    left = asked - sum(found.served.values())
    for _ in range(left):
        found.step(1)
    assert not found.turns
    assert sum(found.served.values()) == asked


@given(st.integers(1, 50), st.integers(1, 40))
def test_one_question_is_not_delayed_by_fifty_of_another(others: int, room: int) -> None:
    """The single one is through before the crowd has had as much and one quantum more."""
    found = crowd()
    busy, lone = session("busy"), session("lone")
    for _ in range(others):
        found.turns.append(question(busy, 20))
    found.turns.append(question(lone, 20))
    while found.served.get("lone", 0) < 20:
        found.step(room)
    assert found.served["busy"] <= 20 + 2 * QUANTUM + room


def test_a_session_serves_its_own_in_the_order_they_came() -> None:
    found = crowd()
    one = session("one")
    first, second = question(one, 40), question(one, 40)
    found.turns.append(first)
    found.turns.append(second)
    found.step(50)
    assert (first.length, second.length) == (40, 10)


def test_the_order_of_a_turn_can_be_chosen() -> None:
    def newest(work: list[Question]) -> list[Lane]:
        return list(reversed(work))

    turns: Turns[Question] = Turns(QUANTUM, newest)
    one = session("one")
    first, second = question(one, 4), question(one, 4)
    turns.append(first)
    turns.append(second)
    draft = Draft(Cost(), 1e9, 5)
    turns.fill(draft)
    assert draft.counts == {second: 4, first: 1}


def test_what_is_removed_is_not_served() -> None:
    turns: Turns[Question] = Turns(QUANTUM)
    one = question(session("one"), 4)
    turns.append(one)
    assert one in turns
    assert len(turns) == 1
    turns.remove(one)
    assert one not in turns
    assert not turns
