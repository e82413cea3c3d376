"""Which rows a pass gets: time, turns, classes."""

from hypothesis import given
from hypothesis import strategies as st

from sticli.daemon.engines.base import Seq
from sticli.daemon.worker.cost import Cost, pairs
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.scheduler import LEAST, Scheduler, Step
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.template import Frame
from tests.fakes import FakeVocabulary

VOCABULARY = FakeVocabulary()
FRAME = Frame((), "\n", "", (), False)


def session(seq: int, tokens: int) -> Session:
    found = Session(str(seq), "u", 1 << 20, Seq(seq), FRAME, VOCABULARY.encode, 0)
    found.add(0, 1, ["x" * (tokens - 1)])
    return found


def question(seq: int, source: str, tail: int = 10, *, produced: int = 0) -> Question:
    kind = "ask" if source == "ask" else "flash"
    found = Question(kind, seq, session(seq, 1), Seq(seq), 0, [1] * tail, 8, False, 0, 0, 0, 0.0)
    found.produced = [1] * produced
    return found


def learned(fixed: float = 0.001, token: float = 0.001, chunk: int = 512) -> Scheduler:
    """A scheduler of 50 ms steps that knows what a token costs."""
    found = Scheduler(0.05, chunk)
    for count in (1, 5, 20, 100, 300) * 20:
        found.cost.observe(count, pairs(0, count), fixed + token * count)
    return found


def seqs(step: Step | None) -> list[int]:
    return [job.row.seq for job in step.jobs] if step else []


def test_nothing_to_do_is_no_step() -> None:
    assert learned().next() is None


def test_classes_in_order() -> None:
    scheduler = learned()
    lanes = question(1, "ask"), session(2, 10), question(3, "flash")
    scheduler.start(lanes[2])
    assert seqs(scheduler.next()) == [3]
    scheduler.behind(lanes[1])
    assert seqs(scheduler.next()) == [2]
    scheduler.start(lanes[0])
    step = scheduler.next()
    assert step is not None
    assert (seqs(step), step.kind) == ([1], "ask")


def test_every_decoding_ask_has_a_row_ahead_of_tails() -> None:
    scheduler = learned()
    for seq in range(1, 4):
        scheduler.start(question(seq, "ask", produced=seq - 1))
    step = scheduler.next()
    assert seqs(step) == [2, 3, 1]


def test_ingest_fills_the_time_across_sessions() -> None:
    scheduler = learned()
    for seq in range(1, 9):
        scheduler.behind(session(seq, 15))
    step = scheduler.next()
    assert step is not None
    assert 44 <= step.tokens <= 49
    assert seqs(step) == [1, 2, 3, 4]


def test_turns_go_round() -> None:
    scheduler = learned()
    for seq in range(1, 4):
        scheduler.behind(session(seq, 1000))
    turns = []
    for _ in range(6):
        step = scheduler.next()
        assert step is not None
        turns += seqs(step)
        scheduler.settle(step, 0.05)
    assert turns == [1, 2, 3, 1, 2, 3]


def test_a_plan_never_holds_more_than_a_chunk() -> None:
    scheduler = learned(0, 0, chunk=32)
    scheduler.behind(session(1, 1000))
    scheduler.behind(session(2, 1000))
    step = scheduler.next()
    assert step is not None
    assert step.tokens == 32


def test_a_slow_machine_still_moves() -> None:
    scheduler = learned(1.0, 1.0)
    scheduler.behind(session(1, 1000))
    step = scheduler.next()
    assert step is not None
    assert step.tokens == LEAST


def test_flash_tails_come_before_flash_answers() -> None:
    scheduler = learned()
    scheduler.start(question(1, "flash", produced=1))
    scheduler.start(question(2, "flash"))
    assert seqs(scheduler.next()) == [2]


def test_sessions_that_caught_up_leave() -> None:
    scheduler = learned()
    one, two = session(1, 10), session(2, 10)
    scheduler.behind(one)
    scheduler.behind(two)
    one.waiting(10)
    one.length = 10
    assert scheduler.caught_up() == [one]
    assert list(scheduler.sessions) == [two]


@given(
    st.floats(0, 0.05),
    st.floats(1e-5, 0.05),
    st.floats(0, 1e-5),
    st.lists(st.tuples(st.integers(1, 600), st.integers(0, 8000)), min_size=10, max_size=60),
)
def test_cost_is_learned(
    fixed: float, token: float, pair: float, passes: list[tuple[int, int]]
) -> None:
    cost = Cost()
    for count, start in passes * 3:
        cost.observe(count, pairs(start, count), fixed + token * count + pair * pairs(start, count))
    for count, start in passes[-5:]:
        true = fixed + token * count + pair * pairs(start, count)
        assert abs(cost.predict(count, pairs(start, count)) - true) < 0.1 * true + 1e-4
    assert min(cost.fixed, cost.token, cost.pair) >= 0


@given(st.integers(0, 100_000), st.floats(0, 10))
def test_what_fits_takes_no_longer(start: int, seconds: float) -> None:
    cost = Cost()
    count = cost.fits(start, seconds)
    assert cost.marginal(start, count) <= seconds * 1.0001
    assert cost.marginal(start, count + 1) >= seconds * 0.9999


def test_one_stall_changes_little() -> None:
    scheduler = learned()
    before = scheduler.cost.predict(40, pairs(0, 40))
    scheduler.cost.observe(40, pairs(0, 40), 10.0)
    assert scheduler.cost.predict(40, pairs(0, 40)) < 2 * before
