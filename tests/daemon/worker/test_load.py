"""Sessions by the thousand on cells for a few: all ends, nothing leaks, asks are soon served."""

import itertools
from bisect import bisect_left
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker.step import Step
from tests.daemon.worker.link import Link
from tests.daemon.worker.load import Load, Pattern
from tests.fakes import Clock, FakeEngine, Price

PRICE = Price(0.004, 0.0004, 1e-8)
LONGEST = 0.08  # seconds of a step of 50 ms, while its cost is learned
# what a front may be told of an ask: its session is gone, or full before the line came, or no room
REFUSALS = {"not_found", "context_length_exceeded", "budget_exceeded", "busy"}


@dataclass
class Served:
    """A worker that has been through a whole load, and every step that it took."""

    link: Link
    steps: list[tuple[float, float, str]]  # from, until, class

    def others(self, begin: float, end: float) -> float:
        """Seconds of a time that the device spent on steps that were not for asks."""
        first = bisect_left(self.steps, begin, key=lambda step: step[1])
        found = itertools.takewhile(lambda step: step[0] < end, self.steps[first:])
        return sum(min(end, till) - max(begin, at) for at, till, kind in found if kind != "ask")


def served(load: Load, resident: int) -> Served:
    """A worker with cells for `resident` sessions."""
    clock = Clock()
    cells = resident * load.pattern.limit
    engine = FakeEngine(cells, clock=clock, price=PRICE, chunk=256, forks=16)
    link = Link(engine, clock=clock, settings=Settings(step_ms=50, snapshot_idle_s=1e9))
    steps: list[tuple[float, float, str]] = []
    settle = link.loop._scheduler.settle

    def noted(step: Step, seconds: float, now: float) -> None:
        steps.append((now - seconds, now, step.kind))
        settle(step, seconds, now)

    link.loop._scheduler.settle = noted  # type: ignore[method-assign]
    link.coming.extend(load.coming)
    while link.coming:
        link.rest()
    return Served(link, steps)


def check(load: Load, link: Link) -> None:
    """Everything was answered, refused or settled, once; no cell is left once all are closed."""
    newest = {item.session: item.lines for item in link.of(messages.Settled)}
    full = {item.session for item in link.of(messages.Full)}
    for name, count in load.appended.items():
        assert newest.get(name, 0) == count or name in full
    link.rest(*(messages.Close(name) for name in load.appended))
    assert (link.engine.used, link.engine.reserved) == (0, 0)
    failed = link.of(messages.Failed)
    assert {item.code for item in failed} <= REFUSALS
    ends = [done.id for done in link.of(messages.Done)] + [item.id for item in failed if item.id]
    assert len(ends) == len(set(ends))
    assert set(ends) | load.cancelled >= set(load.asked)


def test_a_thousand_sessions_on_cells_for_eight() -> None:
    load = Load(Pattern(1000, between=0.15, life=4, batches=1.5, asks=1.5, flashes=0.5), seed=1)
    found = served(load, 8)
    check(load, found.link)
    waited = {message.id for message in found.link.of(messages.Waits)} | load.waits
    asks = [done for done in found.link.of(messages.Done) if done.id not in waited]
    assert len(asks) > 1000
    for done in asks:  # the step that runs, then only asks
        sent = load.asked[done.id]
        assert found.others(sent, sent + done.first_token_s) <= LONGEST


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.integers(1, 4),
    st.builds(
        Pattern,
        st.integers(5, 40),
        between=st.sampled_from([0.01, 0.1, 1]),
        life=st.sampled_from([0.3, 3, 30]),
        batches=st.sampled_from([0, 2, 10]),
        asks=st.sampled_from([0, 1, 8]),
        flashes=st.sampled_from([0, 1, 4]),
    ),
)
def test_any_load_comes_to_an_end(seed: int, resident: int, pattern: Pattern) -> None:
    load = Load(pattern, seed)
    check(load, served(load, resident).link)
