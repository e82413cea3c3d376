"""Sessions that begin alike compute it once, and never know of each other."""

import pytest
from msgspec import structs

from sticli.daemon import messages
from tests.daemon.worker.link import Link, answer, ask, lines, opened
from tests.fakes import FakeEngine

FEED = [f"pump {n} says {n * 37 % 101}" for n in range(30)]


@pytest.fixture(params=[False, True], ids=["copies", "shares"])
def engine(request: pytest.FixtureRequest) -> FakeEngine:
    return FakeEngine(20_000, shares=request.param)


def computed(link: Link) -> int:
    return int(link.loop._usage.counters["tokens_ingest"])


def test_a_session_of_the_same_lines_computes_only_what_differs(engine: FakeEngine) -> None:
    link = Link(engine)
    link.rest(opened("a"), lines(FEED, session="a"))
    before = computed(link)
    other = [*FEED[:20], "and then another one"]
    link.rest(opened("b", uid="b", lines=21), lines(other, session="b"))
    assert computed(link) - before <= len("pump 20 says\nand then another one\n")
    assert link.loop._usage.counters["tokens_shared"] > 300
    link.rest(ask(1, session="a"), ask(2, session="b"))
    assert (link.done(1).text, link.done(2).text) == (answer(FEED), answer(other))
    ledger = link.loop._desk.sessions["b"].ledger
    assert ledger.shared == link.loop._usage.counters["tokens_shared"]
    assert ledger.shared_from == "session a"
    link.rest(messages.Close("a"), lines(FEED, 21, session="b"), ask(3, session="b", version=51))
    assert link.done(3).text == answer([*other, *FEED])
    link.rest(messages.Close("b"))
    assert (engine.used, engine.reserved) == (0, 0)


def test_a_session_of_another_tenant_computes_everything(engine: FakeEngine) -> None:
    link = Link(engine)
    link.rest(opened("a"), lines(FEED, session="a"))
    before = computed(link)
    foreign = structs.replace(opened("b", uid="b", lines=30), tenant="other")
    link.rest(foreign, lines(FEED, session="b"), ask(1, session="b"))
    assert computed(link) == 2 * before
    assert link.done(1).text == answer(FEED)


def test_the_next_window_begins_with_instructions_that_are_known(engine: FakeEngine) -> None:
    link = Link(engine)
    link.rest(opened(limit=512, on_full="rebase"))
    for at, text in enumerate(FEED):
        link.rest(lines([text], at))
    link.rest(ask(1))
    assert link.loop._usage.counters["rebases"] > 0
    start = link.done(1).window_from
    assert link.done(1).text == answer(FEED[start:])
    session = link.loop._desk.sessions["s"]
    assert session.ledger.shared >= len(session.frame.prefix)
