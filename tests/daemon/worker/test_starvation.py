"""Nobody waits for ever: not lines behind questions, not the small behind the large."""

from collections.abc import Sequence

import pytest

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.base import Exhausted, Logits, Seq
from sticli.daemon.worker.residents import STAY, TURN
from sticli.daemon.worker.sessions import Session
from tests.daemon.worker.link import Link, ask, lines, opened
from tests.fakes import Clock, FakeEngine, Price

FULL = Price(fixed=5e-3, token=1e-4)
HEAVY = Price(fixed=1e-2, token=1e-4)  # half as many passes to compute


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


def linked(cells: int, flash_s: float = 60.0, price: Price = FULL) -> Link:
    clock = Clock()
    settings = Settings(snapshot_idle_s=1e9, flash_budget_s=flash_s, speculate_below=0)
    return Link(Talker(cells, clock=clock, price=price), clock=clock, settings=settings)


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
    link.inbox += [ask(id, most=most - 200) for id in range(3, 6)]
    for _ in range(100_000):
        if any(done.id == 5 for done in link.of(messages.Done)):
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


class Siege:
    """Sessions on which asks never cease, and others for which lines never do."""

    def __init__(
        self,
        cells: int,
        asked: Sequence[str],
        fed: Sequence[str],
        *,
        limit: int,
        most: int = 40,
        price: Price = FULL,
    ) -> None:
        self.link = linked(cells, price=price)
        self.most = most
        self.open: dict[str, set[int]] = {name: set() for name in asked}
        self.given = dict.fromkeys(fed, 0)  # lines
        self.asks = self.seen = 0
        for name in asked:
            self.link.rest(opened(name, uid=name), lines([name], session=name))
        self.ask()
        self.link.beat()
        self.link.beat(*(opened(name, limit=limit, uid=name, on_full="rebase") for name in fed))

    def last(self, seconds: float) -> None:
        end = self.link.clock() + seconds
        while self.link.clock() < end:
            self.feed()
            self.ask()
            self.link.beat()

    def feed(self) -> None:
        for name, given in self.given.items():
            if not given or given - session(self.link, name).lines < 20:
                texts = [f"some words of it {given + n}" for n in range(20)]
                self.link.inbox.append(lines(texts, given, name))
                self.given[name] += 20

    def ask(self) -> None:
        """Three asks a session, one of which is new whenever one has ended."""
        new, self.seen = self.link.sent[self.seen :], len(self.link.sent)
        ended = {found.id for found in new if isinstance(found, messages.Done)}
        for name, ids in self.open.items():
            ids -= ended
            if len(ids) < 3:
                self.asks += 1
                ids.add(self.asks)
                most = self.most - 10 * (self.asks % 3)  # so that they never end together
                self.link.inbox.append(ask(self.asks, session=name, most=most))

    def lines(self) -> list[int]:
        return [session(self.link, name).lines for name in self.given]

    def waits(self) -> list[float]:
        """Seconds from each ask to its first token."""
        return [done.first_token_s for done in self.link.of(messages.Done)]


@pytest.mark.parametrize(
    ("cells", "asked", "fed", "limit", "least"),
    [
        (4096, ["a"], ["large"], 4096, 400),  # needs everybody's cells
        (4096, ["a"], ["large", "other"], 4096, 250),
        (1024, ["a", "b"], ["c"], 1024, 400),  # an ask waits at any moment
        (2048, ["a", "b", "c"], ["d", "e", "f"], 1024, 60),  # all are moved about
    ],
)
def test_lines_have_turns_between_asks_that_never_cease(
    cells: int, asked: list[str], fed: list[str], limit: int, least: int
) -> None:
    siege = Siege(cells, asked, fed, limit=limit, price=HEAVY)
    siege.last(4 * STAY)
    assert min(siege.lines()) > least
    assert min(len(ids) for ids in siege.open.values()) >= 2
    assert len(siege.waits()) > 130
    assert max(siege.waits()) < TURN * (1 if len(asked) == 1 else 2) + 0.7


def test_lines_wait_for_a_turn_before_they_call_asks_out() -> None:
    siege = Siege(1024, ["a"], ["b"], limit=1024)
    siege.last(0.9 * STAY)
    assert siege.lines() == [0]
    assert len(siege.link.of(messages.Moved)) == 1
    siege.last(0.3 * STAY)
    assert siege.lines()[0] > 20


def test_asks_on_the_very_session_are_served_in_its_turn() -> None:
    siege = Siege(1024, ["a"], ["b"], limit=1024)
    while session(siege.link, "b").place != "device":
        siege.last(0.1)
    came = len(siege.link.of(messages.Moved))
    siege.link.inbox.append(ask(1_000_000, session="b", most=4))
    while not any(done.id == 1_000_000 for done in siege.link.of(messages.Done)):
        siege.last(0.001)
    assert len(siege.link.of(messages.Moved)) == came


@pytest.mark.parametrize("pinned", [["a"], ["b"], ["a", "b"]])
def test_late_lines_call_pinned_sessions_out_only_if_nothing_else_helps(pinned: list[str]) -> None:
    siege = Siege(2048, ["a", "b"], ["c"], limit=1024)
    siege.link.inbox += [messages.Pin(name, True) for name in pinned]
    for _ in range(200):
        if session(siege.link, "c").place == "device":
            break
        siege.last(0.1)
    assert session(siege.link, "c").place == "device"
    gone = {move.session for move in siege.link.of(messages.Moved) if move.place != "device"}
    if len(pinned) == 1:
        assert not gone & set(pinned)


def test_a_session_that_turns_out_to_be_full_makes_room_at_once() -> None:
    link = linked(1024)
    link.rest(opened("other", limit=512), opened(), lines(["x"]))
    link.beat(lines(["y" * 2000], first=1), lines(["z"], session="other"))
    while link.loop._busy:
        link.beat()
    assert [found.session for found in link.of(messages.Full)] == ["s"]
    assert session(link, "other").lines == 1
