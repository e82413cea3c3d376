"""The whole worker with more sessions than cells: any order of events, and nothing is ever lost.

Every answer is that of a lone session with the same lines, every cell has an owner, all budgets
hold, and nobody waits for ever.
"""

import tempfile
from functools import cache
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.worker.snapshot import Snapshots
from sticli.form import Form
from tests.daemon.worker import owners
from tests.daemon.worker.link import Link, answer, ask, flash
from tests.fakes import Clock, Price

NAMES = ("a", "b", "c", "d", "e")
QUESTIONS = ("why?", "x")
LIMITS = (320, 512, 640)
CELLS = 1100
PINCH = 2500  # bytes of host RAM that hold about one session
EXPECTED = {
    "context_length_exceeded",
    "not_found",
    "internal",
    "budget_exceeded",
    "worker_down",
}


@cache
def alone(texts: tuple[str, ...], question: str) -> str:
    return answer(texts, question)


class Places(RuleBasedStateMachine):
    """Opens, lines, asks, cancels, standing questions, pins, closings, and an engine that fails."""

    @initialize(
        host=st.sampled_from([0, PINCH, 0, 1 << 20]), disk=st.sampled_from([0, 5000, 0, 1 << 20])
    )
    def start(self, host: int, disk: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.budgets = host, disk
        self.texts: dict[str, list[str]] = {}
        self.opens: dict[str, messages.Open] = {}
        self.asked: dict[int, tuple[str, str]] = {}
        self.over: set[int] = set()  # asks that were answered, refused or cancelled
        self.decisions: set[tuple[str, str]] = set()
        self.sliding: set[str] = set()  # sessions whose answers need not be exact
        self.opened = 0
        self.boot()

    def boot(self) -> None:
        """A new worker, which finds the snapshots of the one before."""
        clock = Clock()
        self.engine = owners.Scarce(CELLS, clock=clock, chunk=48, forks=5, price=Price(0.01, 0.001))
        self.link = Link(
            self.engine,
            clock=clock,
            snapshots=Snapshots(Path(self.folder.name), b"k" * 32),
            settings=Settings(ask_wait_s=1e9),
        )
        self.desk = self.link.loop._desk
        self.rungs = self.desk.ladder._rungs
        self.rungs._shelf.budget, disk = self.budgets
        object.__setattr__(self.rungs._recovery, "disk", disk)
        self.seen = 0

    def live(self, name: str) -> bool:
        return name in self.texts

    @rule(
        name=st.sampled_from(NAMES),
        limit=st.sampled_from(LIMITS),
        on_full=st.sampled_from(["stop", "rebase", "rebase", "slide"]),
        source=st.sampled_from([None, *NAMES]),
        pinned=st.booleans(),
    )
    def open(self, name: str, limit: int, on_full: str, source: str | None, pinned: bool) -> None:
        """A new session, or a fork: one whose journal is a copy."""
        if self.live(name):
            return
        self.opened += 1
        copied = list(self.texts.get(source or "", ()))
        self.texts[name] = copied
        self.sliding = self.sliding - {name} | ({name} if on_full == "slide" else set())
        count = len(copied)
        self.opens[name] = messages.Open(
            name, f"u{self.opened}", None, limit, count, count, on_full, pinned=pinned
        )
        self.bring(name, self.opens[name])

    def bring(self, name: str, message: messages.Open) -> None:
        """Open a session and send its journal, in two parts."""
        first, count = message.window_from, message.lines
        half = (first + count) // 2
        self.link.inbox.append(message)
        for begin, end in ((first, half), (half, count)):
            if begin < end:
                part = self.texts[name][begin:end]
                self.link.inbox.append(messages.Lines(name, begin, end, list(part)))

    @rule()
    def restart(self) -> None:
        """The worker stops, and the next one gets every journal."""
        self.link.stop()
        self.check()
        self.owned()
        windows = {item.session: item.window_from for item in self.link.of(messages.Settled)}
        assert self.link.of(messages.Stopped)
        self.boot()
        for name, texts in self.texts.items():
            self.opens[name] = msgspec.structs.replace(
                self.opens[name],
                lines=len(texts),
                version=len(texts),
                window_from=windows.get(name, self.opens[name].window_from),
            )
            self.bring(name, self.opens[name])

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 12))
    def append(self, name: str, count: int) -> None:
        if self.live(name):
            first = len(self.texts[name])
            new = [f"{name} {self.opened} {first + n} and so on" for n in range(count)]
            self.texts[name] += new
            self.link.inbox.append(messages.Lines(name, first, first + count, list(new)))

    @rule(
        name=st.sampled_from(NAMES),
        question=st.sampled_from(QUESTIONS),
        wait=st.booleans(),
        back=st.sampled_from([None, None, 0, 3, 9]),
        beats=st.integers(0, 2),
    )
    def ask(self, name: str, question: str, wait: bool, back: int | None, beats: int) -> None:
        if self.live(name):
            id = len(self.asked) + 1
            self.asked[id] = (name, question)
            version = len(self.texts[name]) if wait else 0
            message = ask(id, question, name, version=version)
            if back is not None:
                lines = max(0, len(self.texts[name]) - back)
                message = msgspec.structs.replace(message, min_version=0, at=(lines, lines))
            self.link.inbox.append(message)
            self.work(beats)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.asked)))
        self.over.add(id)
        self.link.inbox.append(messages.Cancel(id))

    @rule(name=st.sampled_from(NAMES), question=st.sampled_from(QUESTIONS), closed=st.booleans())
    def stand(self, name: str, question: str, closed: bool) -> None:
        """A standing question, or a decision."""
        if not self.live(name):
            return
        message = flash(question, question, name)
        if closed:
            self.decisions.add((name, question))
            form = Form(choices=["yes", "no"])
            message = messages.AddFlash(name, question, question, 8, 200, form, 1.0)
        else:
            self.decisions.discard((name, question))
        self.link.inbox.append(message)
        self.link.beat()

    @rule(name=st.sampled_from(NAMES), question=st.sampled_from(QUESTIONS))
    def forget(self, name: str, question: str) -> None:
        self.link.inbox.append(messages.RemoveFlash(name, question))

    @rule(name=st.sampled_from(NAMES), pinned=st.booleans())
    def pin(self, name: str, pinned: bool) -> None:
        self.link.inbox.append(messages.Pin(name, pinned))

    @rule(name=st.sampled_from(NAMES))
    def close(self, name: str) -> None:
        if self.live(name):
            self.work(1)
            self.check()
            self.link.beat(messages.Close(name))
            self.gone(name)

    def gone(self, name: str) -> None:
        self.texts.pop(name, None)
        self.over |= {id for id, (asked, _) in self.asked.items() if asked == name}

    @rule(beats=st.integers(1, 12))
    def work(self, beats: int) -> None:
        for _ in range(beats):
            self.link.beat()

    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        """The engine cannot compute one of its sequences any more."""
        if self.engine._sequences:
            self.engine.broken.add(data.draw(st.sampled_from(sorted(self.engine._sequences))))

    @rule(times=st.integers(1, 3))
    def starve(self, times: int) -> None:
        """The machine has less memory than the engine's budget says."""
        self.engine.short = times

    @rule()
    def finish(self) -> None:
        """Everything that can end has ended."""
        self.engine.short = 0
        self.link.rest()
        self.check()
        assert set(self.asked) <= self.over
        assert not self.desk.ladder._wants
        for session in self.desk.sessions.values():
            assert not session.behind, session.name
            assert not session.leaving

    @invariant()
    def check(self) -> None:
        """What was sent since the last look is right."""
        if not hasattr(self, "link"):
            return
        new, self.seen = self.link.sent[self.seen :], len(self.link.sent)
        for message in new:
            if isinstance(message, messages.Failed):
                assert message.code in EXPECTED, message
                self.over.add(message.id)
                if not message.id:
                    self.gone(message.session)
            elif isinstance(message, messages.Done) and message.id not in self.over:
                self.over.add(message.id)
                self.compare(*self.asked[message.id], message)
            elif isinstance(message, messages.Evaluated):
                self.compare(message.session, message.id, message)

    def compare(self, name: str, question: str, found: messages.Done | messages.Evaluated) -> None:
        exact = name not in self.sliding or not found.window_from
        if self.live(name) and exact and (name, found.id) not in self.decisions:
            seen = tuple(self.texts[name][found.window_from : found.lines])
            assert found.text == alone(seen, question), (name, question, found)

    @invariant()
    def owned(self) -> None:
        """Every cell has an owner, and host RAM and disk hold no more than they may."""
        if hasattr(self, "link"):
            owners.check(self.desk, self.engine)

    def teardown(self) -> None:
        if not hasattr(self, "link"):
            return
        with self.folder:
            self.finish()
            self.link.rest(*(messages.Close(name) for name in NAMES))
            assert (self.engine.used, self.engine.reserved) == (0, 0)
            assert (self.rungs._shelf.bytes, self.rungs._recovery.disk_bytes) == (0, 0)


TestPlaces = Places.TestCase
TestPlaces.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
