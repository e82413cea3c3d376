"""Standing questions under lines that never cease: a small share, and only then."""

from hypothesis import given
from hypothesis import strategies as st

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker.arrears import PATIENCE, SHARE, Arrears
from tests.daemon.worker.link import Link, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

STEP = 0.05  # seconds
PRICE = Price(0.004, 0.0004, 1e-8)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, STEP)), max_size=200))
def test_never_more_than_the_share_of_what_lines_took(passes: list[tuple[bool, float]]) -> None:
    arrears = Arrears(most=STEP)
    lines_s = early_s = 0.0
    for standing, seconds in passes:
        if not standing:
            arrears.earn(20 * seconds)
            lines_s += 20 * seconds
        elif arrears.due:
            arrears.spend(seconds)
            early_s += seconds
    assert early_s <= max(0.0, SHARE * (lines_s - PATIENCE)) + STEP


def test_idle_time_costs_nothing_and_forgiveness_begins_anew() -> None:
    arrears = Arrears(most=0.05)
    arrears.spend(100)
    arrears.earn(PATIENCE)
    assert not arrears.due
    arrears.earn(0.1)
    assert arrears.due
    arrears.forgive()
    arrears.earn(PATIENCE)
    assert not arrears.due


def endless(flash_s: float = 60.0, asking: bool = False) -> Link:
    """Ten simulated seconds of more lines than can be computed, and a standing question."""
    clock = Clock()
    found = Settings(step_ms=50, snapshot_idle_s=1e9, flash_budget_s=flash_s)
    engine = FakeEngine(1 << 14, clock=clock, price=PRICE, chunk=256)
    link = Link(engine, clock=clock, settings=found)
    link.rest(opened(limit=1 << 12, on_full="rebase"), lines(["first"]), flash("f", "what?"))
    link.sent.clear()
    count, began = 1, clock()
    while clock() < began + 10:
        more = [f"line {count + n} of many" for n in range(40)]
        link.inbox.append(lines(more, first=count))
        count += 40
        link.beat(*([ask(count, most=2)] if asking else []))
    return link


def test_a_feed_that_never_rests_leaves_standing_questions_their_share() -> None:
    link = endless()
    seconds = link.loop._usage.counters
    found = [item.lines for item in link.of(messages.Evaluated)]
    assert len(found) >= 3
    assert found == sorted(set(found))
    assert 0 < seconds["device_s_flash"] <= 1.5 * SHARE * seconds["device_s_ingest"]


def test_asks_go_first_all_the_same() -> None:
    link = endless(asking=True)
    assert max(item.first_token_s for item in link.of(messages.Done)) < 0.3
    assert not link.of(messages.Evaluated)


def test_without_a_budget_nothing_is_owed() -> None:
    assert not endless(flash_s=0).of(messages.Evaluated)
