"""What waits for what: idle worker, standing questions on a budget, asks beside each other."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker.scheduler import QUANTUM
from tests.daemon.worker.link import Link, ask, flash, lines, opened
from tests.daemon.worker.load import Load, Pattern
from tests.fakes import Clock, FakeEngine, Price

FEED = [f"line {n} says {n * 37 % 101}" for n in range(60)]
PRICE = Price(0.004, 0.0004, 1e-8)


def slow(**options: object) -> Link:
    """A worker whose passes take simulated time."""
    clock = Clock()
    found = Settings(**{"step_ms": 50, "snapshot_idle_s": 1e9} | options)  # type: ignore[arg-type]
    return Link(FakeEngine(clock=clock, price=PRICE, chunk=256), clock=clock, settings=found)


@dataclass
class Sleep:
    """Notes how long the worker sleeps, and whether it woke for nothing."""

    link: Link
    naps: list[float | None] = field(default_factory=list)
    idle: int = 0  # times that it woke by itself and did nothing
    _before: object = None

    def __post_init__(self) -> None:
        self._receive, self.link.loop._receive = self.link.loop._receive, self.receive

    def receive(self, seconds: float | None) -> tuple[messages.Inbound, float] | None:
        state = self._state()
        self.idle += state == self._before
        self._before = None
        if seconds != 0:
            self.naps.append(seconds)
        found = self._receive(seconds)
        if found is None and seconds != 0:
            self._before = state
        return found

    def _state(self) -> object:
        """Everything that the worker may do of itself: say, compute, save."""
        loop = self.link.loop
        saved = [session.offered for session in loop._desk.sessions.values()]
        return len(self.link.sent), len(self.link.engine.plans), saved


def test_without_work_the_worker_sleeps_for_good() -> None:
    link = slow()
    sleep = Sleep(link)
    link.rest(opened(), lines(FEED), ask(1), flash("f", "what?"))
    passes = len(link.engine.plans)
    sleep.naps.clear()
    link.clock.advance(3600)
    link.rest()
    assert sleep.naps == [None]
    assert len(link.engine.plans) == passes


def test_it_sleeps_until_the_next_question_is_due() -> None:
    link = slow(snapshot_idle_s=30.0)
    sleep = Sleep(link)
    link.rest(opened(), lines(FEED[:5]), flash("f", "what?", debounce_ms=10_000))
    sleep.naps.clear()
    link.rest(lines(FEED[5:6], 5))
    settled = link.of(messages.Settled)[-1]
    assert settled.version == 6
    due = link.of(messages.Evaluated)[-1]
    assert due.version == 6
    assert any(nap is not None and 9 < nap <= 10 for nap in sleep.naps)
    assert sleep.idle == 0


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from([0.0, 0.05, 60.0]))
def test_it_never_wakes_for_nothing(seed: int, budget: float) -> None:
    link = slow(flash_budget_s=budget, snapshot_idle_s=5.0)
    sleep = Sleep(link)
    load = Load(Pattern(4, between=1, life=60, batches=6, asks=4, flashes=2), seed)
    link.coming.extend(load.coming)
    while link.coming:
        link.rest()
    assert sleep.idle == 0


def test_standing_questions_keep_to_their_budget() -> None:
    link = slow(flash_budget_s=0.5)
    link.rest(opened(limit=4096), *(flash(f"f{n}", f"what is {n}?") for n in range(8)))
    begin = link.clock()
    for n, line in enumerate(FEED):
        link.coming.append((begin + n * 2, lines([line], n)))
    while link.coming:
        link.rest()
    counters = link.loop._usage.counters
    assert 0.9 < counters["device_s_flash"] < 1.65  # in two minutes and what is left of a third
    assert counters["flash_deferred_s"] > 30
    newest = {item.id: item.version for item in link.of(messages.Evaluated)}
    assert set(newest.values()) == {len(FEED)}


def test_no_budget_is_no_evaluation_but_asks_are_served() -> None:
    link = slow(flash_budget_s=0.0)
    link.rest(opened(limit=4096), lines(FEED), flash("f", "what?"), ask(1, version=len(FEED)))
    assert link.done(1).text
    assert not link.of(messages.Evaluated)


def test_due_questions_of_a_session_share_their_plans() -> None:
    link = slow()
    link.rest(opened(limit=4096), *(flash(f"f{n}", f"what is {n}?") for n in range(8)))
    before = len(link.engine.plans)
    link.rest(lines(FEED[:5]))
    rows = [len(plan.rows) for plan in link.engine.plans[before:]]
    evaluated = link.of(messages.Evaluated)[-8:]
    assert max(rows) >= 7
    longest = max(item.completion_tokens for item in evaluated)
    tails = sum(item.new_tokens for item in evaluated)
    assert len(rows) <= 2 + tails * PRICE.token / 0.04 + longest


def test_fifty_asks_of_one_session_do_not_delay_the_ask_of_another() -> None:
    link = slow()
    link.rest(opened("a", limit=8192), opened("b"), lines(FEED, session="a"))
    link.rest(lines(FEED[:5], session="b"), ask(1, session="b"))
    alone = link.done(1).total_s
    crowd = [ask(id, f"what is {id}?", "a", 32) for id in range(100, 150)]
    link.rest(*crowd, ask(2, session="b"))
    together = link.done(2)
    last = max(link.done(id).total_s for id in range(100, 150))
    assert together.first_token_s <= 0.15
    assert together.total_s <= alone + 0.06 * (together.completion_tokens + 3)
    assert together.total_s < last / 2


def test_lines_of_sessions_settle_in_step_while_asks_go_on() -> None:
    link = slow()
    names = [f"s{n}" for n in range(4)]
    link.rest(*(opened(name, limit=2048) for name in (*names, "asked")))
    link.beat(*(lines(FEED, session=name) for name in names))
    for id in range(1, 400):
        link.beat(ask(id, session="asked", most=2))
        length = [link.loop._desk.sessions[name].length for name in names]
        assert max(length) - min(length) <= 2 * QUANTUM
    assert min(length) > QUANTUM
    link.rest()
    newest = {item.session: item.lines for item in link.of(messages.Settled)}
    assert newest == dict.fromkeys(names, len(FEED))
