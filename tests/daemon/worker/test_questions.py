"""Asks, journeys into the past, flash questions and decisions in any order, short of cells.

Every answer is that of a lone, fresh session which holds the lines that the answer says it saw;
in the end every cell is back.
"""

from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker.evaluation import SOURCES
from sticli.form import Form
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

LIMIT = 560
NAMES = ("a", "b", "c")
QUESTIONS = ("why?", "who was it, and when?")
CHOICES = [letter + end for letter in "abcdefghijklm" for end in ("", "b c")] + list("nopqrstuvw")
GAPS = (0.0, 0.5, 1000.0)


@cache
def alone(texts: tuple[str, ...], question: str, most: int) -> str:
    """What a lone session answers, in `most` tokens or, if they are none, with a choice."""
    if most:
        return answer(texts, question, most)
    link = Link()
    link.rest(opened(limit=4096), lines(texts))
    link.rest(messages.Ask(1, "s", question, 8, len(texts), Form(CHOICES)))
    return link.done(1).text


class Crowding(RuleBasedStateMachine):
    """Three sessions whose windows move, and whose questions fight for cells."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {name: [] for name in NAMES}
        self.asked: dict[int, tuple[str, str, int]] = {}
        self.dropped: set[int] = set()
        self.broken: set[int] = set()
        self.decisions: set[tuple[str, str]] = set()
        self.seen = 0

    @initialize(places=st.integers(2, 5))
    def begin(self, places: int) -> None:
        """Each session needs a place, and another one while its window moves."""
        clock, price = Clock(), Price(0.001, 0.001)
        engine = FakeEngine(places * LIMIT, clock=clock, chunk=48, forks=6, price=price)
        self.link = Link(engine, clock=clock, settings=Settings(ask_wait_s=1e6))
        self.link.rest(*(opened(name, limit=LIMIT, uid=name, on_full="rebase") for name in NAMES))

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 9))
    def append(self, name: str, count: int) -> None:
        first = len(self.texts[name])
        new = [f"{name} {first + n} {'x' * ((first + n) * 7 % 23)}" for n in range(count)]
        self.texts[name] += new
        self.link.inbox.append(lines(new, first, name))

    @rule(
        name=st.sampled_from(NAMES),
        question=st.sampled_from(QUESTIONS),
        back=st.integers(-3, 9),
        most=st.sampled_from([0, 0, 8, 24]),
    )
    def ask(self, name: str, question: str, back: int, most: int) -> None:
        """With no tokens it is one of the choices; a negative way back is none."""
        id, past = len(self.asked) + 1, max(0, len(self.texts[name]) - back)
        self.asked[id] = (name, question, most)
        at, form = (past, past) if back >= 0 else None, None if most else Form(CHOICES)
        self.link.inbox.append(messages.Ask(id, name, question, most, 0, form, at, question))

    @rule(name=st.sampled_from(NAMES), question=st.sampled_from(QUESTIONS))
    def consult(self, name: str, question: str) -> None:
        """Ask for a choice when all that stands is evaluated."""
        self.link.rest()
        self.ask(name, question, back=-1, most=0)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.asked)))
        self.dropped.add(id)
        self.link.inbox.append(messages.Cancel(id))

    @rule(name=st.sampled_from(NAMES), question=st.sampled_from(QUESTIONS))
    def stand(self, name: str, question: str) -> None:
        self.decisions.discard((name, question))
        self.link.inbox.append(flash(question, question, name))
        self.work(1)

    @rule(
        name=st.sampled_from(NAMES), question=st.sampled_from(QUESTIONS), gap=st.sampled_from(GAPS)
    )
    def decide(self, name: str, question: str, gap: float) -> None:
        self.decisions.add((name, question))
        self.link.inbox.append(
            messages.AddFlash(name, question, question, 8, 10, Form(CHOICES), gap)
        )
        self.work(1)

    @rule(name=st.sampled_from(NAMES), question=st.sampled_from(QUESTIONS))
    def remove(self, name: str, question: str) -> None:
        self.link.inbox.append(messages.RemoveFlash(name, question))

    @rule(name=st.sampled_from(NAMES))
    def give_way(self, name: str) -> None:
        desk = self.link.loop._desk
        desk.questions.give_way(desk.sessions[name], self.link.clock())

    @rule(name=st.sampled_from(NAMES), data=st.data())
    def break_down(self, name: str, data: st.DataObject) -> None:
        """The engine fails a question that runs."""
        questions = self.link.loop._desk.questions
        running = questions._running.of(self.link.loop._desk.sessions[name], "ask", *SOURCES)
        if running:
            question = data.draw(st.sampled_from(running))
            self.link.engine.broken.add(question.seq)
            if question.source == "ask":
                self.broken.add(int(question.id))

    @rule(name=st.sampled_from(NAMES))
    def reopen(self, name: str) -> None:
        """The session goes, with all that waits and runs on it, and comes back empty."""
        self.check()
        self.texts[name] = []
        self.dropped |= {id for id, (session, *_) in self.asked.items() if session == name}
        self.decisions = {item for item in self.decisions if item[0] != name}
        self.link.beat(messages.Close(name))
        self.seen = len(self.link.sent)
        self.link.beat(opened(name, limit=LIMIT, uid=name, on_full="rebase"))

    @rule(beats=st.integers(1, 8))
    def work(self, beats: int) -> None:
        for _ in range(beats):
            self.link.beat()
        self.check()

    @rule()
    def finish(self) -> None:
        """Everything that can end has ended, and nothing is held but lines and prepared forks."""
        self.link.rest()
        self.check()
        told = (*self.link.of(messages.Done), *self.link.of(messages.Failed))
        assert set(self.asked) <= {message.id for message in told} | self.dropped
        desk, engine = self.link.loop._desk, self.link.engine
        here = [session for session in desk.sessions.values() if session.seq is not None]
        for session in here:
            assert session.promised == desk.questions.prepared(session)
            desk.questions.give_way(session, self.link.clock())
            assert session.promised == 0
        assert engine.used == sum(session.length for session in here)
        assert engine.reserved == sum(session.limit for session in here)

    def teardown(self) -> None:
        self.finish()

    @invariant()
    def check(self) -> None:
        """Whatever was answered since the last look is right."""
        new, self.seen = self.link.sent[self.seen :], len(self.link.sent)
        for message in new:
            if isinstance(message, messages.Failed):
                lost = message.id in self.broken and message.code == "internal"
                gone = message.code == "not_found"  # a past that the window left behind
                assert lost or gone, message
            elif isinstance(message, messages.Done):
                self.compare(*self.asked[message.id], message)
            elif isinstance(message, messages.Evaluated):
                decision = (message.session, message.id) in self.decisions
                assert message.source in (("ready", "below") if decision else ("flash",))
                if message.source != "below":
                    self.compare(message.session, message.id, 0 if decision else 8, message)

    def compare(
        self, name: str, question: str, most: int, found: messages.Done | messages.Evaluated
    ) -> None:
        texts = tuple(self.texts[name][found.window_from : found.lines])
        assert found.text == alone(texts, question, most)


Crowding.TestCase.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
TestCrowding = Crowding.TestCase


def test_an_unknown_form_is_refused_and_changes_nothing() -> None:
    link = Link()
    link.rest(opened(), lines(["a line"]))
    bad = Form(schema={"type": "no such type"})
    link.rest(messages.Ask(1, "s", "why?", 8, 0, bad))
    link.rest(messages.AddFlash("s", "f", "why?", 8, 0, bad), ask(2))
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.code) == (1, "bad_request")
    assert link.done(2).text == answer(["a line"])
    assert not link.of(messages.Evaluated)
    assert link.loop._usage.counters["flash_skipped"] == 1


def test_a_form_that_no_answer_ever_has_is_refused_in_the_middle() -> None:
    link = Link()
    endless = Form(schema={"$ref": "#"})
    link.rest(opened(), lines(["a line"]), messages.Ask(1, "s", "why?", 8, 0, endless), ask(2))
    (failed,) = link.of(messages.Failed)
    assert (failed.id, failed.code) == (1, "bad_request")
    assert link.done(2).text == answer(["a line"])
