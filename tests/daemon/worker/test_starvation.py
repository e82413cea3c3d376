"""Nobody waits for ever: not lines behind questions, not the small behind the large."""

import pytest

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.base import Exhausted, Logits, Seq
from sticli.daemon.worker.sessions import Session
from tests.daemon.worker.link import Link, ask, lines, opened
from tests.fakes import Clock, FakeEngine, Price

FULL = Price(fixed=5e-3, token=1e-4)


class Talker(FakeEngine):
    """Never ends an answer by itself."""

    def _logits(self, digest: bytes) -> Logits:
        logits = super()._logits(digest)
        logits[256:] = logits[10] = -100
        return logits


class Short(FakeEngine):
    """Has memory for half of its cells."""

    def open(self, limit: int) -> Seq:
        if self.reserved + limit > self.cells // 2:
            raise Exhausted("no memory")
        return super().open(limit)


def linked(cells: int, flash_s: float = 60.0) -> Link:
    clock = Clock()
    settings = Settings(snapshot_idle_s=1e9, flash_budget_s=flash_s, speculate_below=0)
    return Link(Talker(cells, clock=clock, price=FULL), clock=clock, settings=settings)


def session(link: Link, name: str = "s") -> Session:
    return link.loop._desk.sessions[name]


def test_a_small_session_does_not_wait_behind_one_that_wants_all_cells() -> None:
    link = linked(4096)
    link.rest(opened("asked", limit=1024), lines(["a"], session="asked"))
    link.beat(ask(1, session="asked", most=600))
    link.beat(opened("large", limit=4096), lines(["b"], session="large"))
    link.beat(opened("small", limit=1024), lines(["c"], session="small"))
    while session(link, "small").lines == 0:
        link.beat()
    assert not link.of(messages.Done)
    link.rest()
    assert session(link, "large").lines == 1


@pytest.mark.parametrize("budget", [60.0, 0.1])
def test_a_flash_question_that_fills_a_session_makes_room_for_lines(budget: float) -> None:
    link = linked(1024, budget)
    link.rest(opened(), lines(["x" * 50]))
    here = session(link)
    link.inbox.append(messages.AddFlash("s", "f", "why?", here.free - 60, 0))
    for _ in range(20):
        link.beat()
    assert here.free < 60
    began = link.clock()
    link.inbox += [lines(["y" * 300], first=1), ask(1, version=2)]
    while not link.of(messages.Done):
        link.beat()
    assert link.done(1).lines == 2
    assert link.clock() - began < 1


def test_lines_get_cells_between_asks_that_fill_their_session() -> None:
    link = linked(2048)
    link.rest(opened(), lines(["x" * 50]))
    here = session(link)
    most = here.free - len(here.frame.tail("why?", link.vocabulary))
    link.beat(ask(1, most=most))
    link.inbox += [lines(["y" * 100], first=1), ask(2, version=2)]
    link.inbox += [ask(id, most=most - 200) for id in range(3, 9)]
    for _ in range(100_000):
        if any(done.id == 8 for done in link.of(messages.Done)):
            break
        link.beat()
    order = [done.id for done in link.of(messages.Done)]
    assert order[:2] == [1, 2]
    link.rest()
    assert here.promised == 0


@pytest.mark.parametrize("rewinds", [True, False])
def test_with_less_memory_than_the_budget_says_sessions_take_turns(rewinds: bool) -> None:
    clock = Clock()
    engine = Short(4096, clock=clock, price=Price(fixed=5e-3, token=1e-3))
    engine.rewinds = rewinds
    link = Link(engine, clock=clock, settings=Settings(snapshot_idle_s=1e9))
    texts = [f"line {n} " * 2 for n in range(40)]
    for name in "abcd":
        link.inbox += [opened(name), lines(texts, session=name)]
    link.rest()
    assert [session(link, name).lines for name in "abcd"] == [len(texts)] * 4
    assert len(link.of(messages.Moved)) < 20


def test_asks_are_served_again_once_there_are_cells_for_two_windows() -> None:
    link = linked(2048)
    link.rest(opened("a", on_full="rebase"), opened("b"), lines(["y"], session="b"))
    link.rest(lines([f"l{n} " * 4 for n in range(58)], session="a"))
    link.beat(ask(1, session="b", most=700), ask(2, session="a", most=60))
    count, here = 58, session(link, "a")
    while here.next is None:
        link.beat(lines([f"l{count} " * 4], count, "a"))
        count += 1
    link.beat(ask(3, session="a", most=2))
    assert here.rebuilding
    link.beat(messages.Close("b"))
    link.beat()
    assert here.next is not None
    assert here.next.begun
    assert here.askable
    link.rest()
    assert link.done(3).version <= count


def test_a_place_that_a_skipped_question_kept_is_given_at_once() -> None:
    link = linked(1024)
    link.rest(opened("large"), lines(["x"], session="large"))
    link.beat(opened("small", limit=512), lines(["y" * 300], session="small"))
    while link.loop._busy:
        link.beat()
    assert session(link, "large").seq is None
    link.beat(
        messages.AddFlash("large", "f", "why?", 8, 0),
        messages.AddFlash("small", "f", "what? " * 30, 8, 0),
    )
    while link.loop._busy:
        link.beat()
    assert [found.session for found in link.of(messages.Evaluated)] == ["large"]
