"""Sessions under any order of events: every answer is that of a lone session of the same lines."""

from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sticli.daemon import messages
from sticli.daemon.worker import template
from tests.daemon.worker.link import Link, answer, ask, flash, lines, opened
from tests.fakes import Clock, FakeEngine, Price

NAMES = ("a", "b", "c")
PREFIX = 1 + len(template.SYSTEM + "\n\n")  # tokens
QUESTIONS = ("why?", "who was it, and when?", "x")


@cache
def alone(texts: tuple[str, ...], question: str) -> str:
    return answer(texts, question)


class Interleavings(RuleBasedStateMachine):
    """Lines, asks, cancels, standing questions and closings of three sessions, step by step."""

    def __init__(self) -> None:
        super().__init__()
        clock = Clock()
        engine = FakeEngine(clock=clock, chunk=48, forks=5, price=Price(0.001, 0.001))
        self.link = Link(engine, clock=clock)
        self.texts: dict[str, list[str]] = {}
        self.asked: dict[int, tuple[str, str]] = {}
        self.dropped: set[int] = set()
        self.flashes: dict[tuple[str, str], str] = {}
        self.opened = 0
        self.ids = 0
        self.seen = 0

    @initialize(shares=st.booleans())
    def begin(self, shares: bool) -> None:
        """Whether sessions that begin alike hold the same cells, or copies."""
        self.link.engine.shares = shares

    def live(self, name: str) -> bool:
        return name in self.texts

    @rule(name=st.sampled_from(NAMES))
    def open(self, name: str) -> None:
        if not self.live(name):
            self.opened += 1
            self.texts[name] = []
            self.link.inbox.append(opened(name, limit=4096, uid=f"u{self.opened}"))

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 6))
    def append(self, name: str, count: int) -> None:
        if self.live(name):
            first = len(self.texts[name])
            new = [f"{name} {self.opened} {first + n}" for n in range(count)]
            self.texts[name] += new
            self.link.inbox.append(lines(new, first, name))

    @rule(name=st.sampled_from(NAMES), question=st.sampled_from(QUESTIONS), wait=st.booleans())
    def ask(self, name: str, question: str, wait: bool) -> None:
        if self.live(name):
            self.ids += 1
            id = self.ids
            self.asked[id] = (name, question)
            version = len(self.texts[name]) if wait else 0
            self.link.inbox.append(ask(id, question, name, version=version))

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.asked)))
        self.dropped.add(id)
        self.link.inbox.append(messages.Cancel(id))

    @rule(name=st.sampled_from(NAMES), question=st.sampled_from(QUESTIONS))
    def stand(self, name: str, question: str) -> None:
        if self.live(name):
            self.flashes[name, question] = question
            self.link.inbox.append(flash(question, question, name))

    @rule(name=st.sampled_from(NAMES))
    def close(self, name: str) -> None:
        if self.live(name):
            self.finish()
            del self.texts[name]
            self.flashes = {key: text for key, text in self.flashes.items() if key[0] != name}
            self.link.rest(messages.Close(name))
            self.asked = {id: item for id, item in self.asked.items() if item[0] != name}

    @rule(beats=st.integers(1, 8))
    def work(self, beats: int) -> None:
        for _ in range(beats):
            self.link.beat()

    @rule()
    def finish(self) -> None:
        """Everything that can end has ended."""
        self.link.rest()
        self.check()
        answered = {done.id for done in self.link.of(messages.Done)}
        assert set(self.asked) <= answered | self.dropped
        engine = self.link.engine
        assert engine.reserved == 4096 * len(self.texts)
        written = sum(len(line) + 1 for texts in self.texts.values() for line in texts)
        whole = PREFIX * len(self.texts) + written
        assert engine.used <= whole if engine.shares else engine.used == whole
        for (name, id), _ in self.flashes.items():
            last = [
                item
                for item in self.link.of(messages.Evaluated)
                if (item.session, item.id) == (name, id)
            ]
            assert last[-1].version == len(self.texts[name])

    @invariant()
    def check(self) -> None:
        """Whatever was answered since the last look is right."""
        new, self.seen = self.link.sent[self.seen :], len(self.link.sent)
        for message in new:
            assert not isinstance(message, messages.Failed), message
            if isinstance(message, messages.Done) and message.id in self.asked:
                name, question = self.asked[message.id]
                self.compare(name, question, message)
            elif isinstance(message, messages.Evaluated):
                self.compare(message.session, message.id, message)

    def compare(self, name: str, question: str, found: messages.Done | messages.Evaluated) -> None:
        """The answer is that of the lines which the fork held, at least those of its version."""
        texts, tokens = self.texts[name], found.cached_tokens
        held = next(n for n in range(len(texts) + 1) if tokens == self.tokens_of(texts[:n]))
        assert held >= found.version
        assert found.text == alone(tuple(texts[:held]), question)

    def tokens_of(self, texts: list[str]) -> int:
        return PREFIX + sum(len(line) + 1 for line in texts)


Interleavings.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
TestInterleavings = Interleavings.TestCase
