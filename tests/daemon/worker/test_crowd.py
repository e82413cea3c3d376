"""Thirty-two sessions on cells for eight, on either engine: all live, none ever meets another.

Whatever happens in whatever order, an answer is that of a lone, fresh session which holds the
lines that the answer says it saw, on llama.cpp, and in the end every cell is back.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch

from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, unheard
from sticli.daemon.engines.family import Tuning
from sticli.daemon.engines.gpu import model
from sticli.daemon.engines.gpu.engine import Gpu
from sticli.daemon.engines.llamacpp import LlamaCpp
from sticli.daemon.engines.model import Model
from sticli.daemon.engines.vocabulary import ModelVocabulary
from sticli.daemon.worker import template
from sticli.daemon.worker.snapshot import Snapshots
from sticli.form import Form
from sticli.models.header import read_header
from tests.daemon.worker.link import Link, opened
from tests.daemon.worker.lone import Lone
from tests.tiny import CELL_BYTES, CHATML, write_model

SESSIONS, FIT, LIMIT = 32, 8, 512
OPERATIONS = int(os.environ.get("CROWD_OPERATIONS", "600"))
SHARE = {"llama.cpp": 1, "gpu": 1 / 4}  # of the operations: the reference is slow
DECISION, YES_OR_NO = "up?", Form(choices=["yes", "no"])
QUESTIONS = ("why?", "who was it?", "and then?", "x")
CLOSE = 0.05  # logits: nearer rivals may change places where cells of 16 bits are rounded
MOST = 6  # tokens of an answer


class Running:
    """The real clock, moved on where the worker would sleep."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.skipped

    def advance(self, seconds: float) -> None:
        self.skipped += seconds


@dataclass
class Tenant:
    """What one session was given."""

    name: str
    uid: str
    on_full: str
    lines: list[str]
    flashes: dict[str, str] = field(default_factory=dict)


class Crowd:
    """Does random things to many sessions, and checks every answer that comes back."""

    def __init__(self, link: Link, lone: Lone, seed: int, operations: int) -> None:
        self.operations = operations
        self.link = link
        self.lone = lone
        self.random = np.random.default_rng(seed)
        self.tenants: dict[str, Tenant] = {}
        self.asked: dict[int, tuple[str, str, str]] = {}  # uid, name, question
        self.cancelled: set[int] = set()
        self.lives: dict[str, Tenant] = {}  # by uid
        self.seen = self.checked = self.decided = self.close_calls = self.made = 0
        self.answered: set[int] = set()

    def any(self) -> Tenant:
        return self.tenants[str(self.random.choice(sorted(self.tenants)))]

    def send(self, message: messages.Inbound) -> None:
        self.link.inbox.append(message)

    def open(self, lines: list[str] | None = None) -> None:
        self.made += 1
        name = f"s{self.made}"
        on_full = "rebase" if self.random.random() < 0.8 else "stop"
        tenant = Tenant(name, f"u{self.made}", on_full, list(lines or []))
        self.tenants[name] = self.lives[tenant.uid] = tenant
        self.send(
            opened(name, limit=LIMIT, lines=len(tenant.lines), uid=tenant.uid, on_full=on_full)
        )
        if tenant.lines:
            self.send(messages.Lines(name, 0, len(tenant.lines), list(tenant.lines)))

    def append(self) -> None:
        tenant = self.any()
        first = len(tenant.lines)
        count = int(self.random.integers(1, 6))
        new = [f"{tenant.name} {first + n} {self.random.integers(1000)}" for n in range(count)]
        tenant.lines += new
        self.send(messages.Lines(tenant.name, first, len(tenant.lines), list(new)))

    def ask(self) -> None:
        tenant, question = self.any(), str(self.random.choice(QUESTIONS))
        key = len(self.asked) + 1
        self.asked[key] = (tenant.uid, tenant.name, question)
        wait = len(tenant.lines) if self.random.random() < 0.3 and tenant.on_full != "stop" else 0
        at = None
        if self.random.random() < 0.2:
            lines = max(0, len(tenant.lines) - int(self.random.integers(0, 12)))
            at = (lines, lines)
        self.send(messages.Ask(key, tenant.name, question, MOST, wait, at=at))

    def flash(self) -> None:
        tenant, question = self.any(), str(self.random.choice(QUESTIONS))
        if question in tenant.flashes:
            del tenant.flashes[question]
            self.send(messages.RemoveFlash(tenant.name, question))
        elif len(tenant.flashes) < 3:
            tenant.flashes[question] = question
            self.send(messages.AddFlash(tenant.name, question, question, MOST, 100))

    def decide(self) -> None:
        """Register a decision, or ask it: its prepared fork must be nobody else's trouble."""
        tenant = self.any()
        if self.random.random() < 0.5:
            self.send(
                messages.AddFlash(tenant.name, DECISION, DECISION, MOST, 100, YES_OR_NO, gap=1.0)
            )
        else:
            key = len(self.asked) + 1
            self.asked[key] = (tenant.uid, tenant.name, DECISION)
            self.send(
                messages.Ask(key, tenant.name, DECISION, MOST, 0, YES_OR_NO, decision=DECISION)
            )

    def cancel(self) -> None:
        if self.asked:
            key = int(self.random.integers(1, len(self.asked) + 1))
            self.cancelled.add(key)
            self.send(messages.Cancel(key))

    def pin(self) -> None:
        self.send(messages.Pin(self.any().name, bool(self.random.random() < 0.3)))

    def fork(self) -> None:
        source = self.any()
        self.close()
        self.open(source.lines[: int(self.random.integers(0, len(source.lines) + 1))])

    def close(self) -> None:
        tenant = self.any()
        del self.tenants[tenant.name]
        self.send(messages.Close(tenant.name))

    def reopen(self) -> None:
        self.close()
        self.open()

    def step(self) -> None:
        """One random operation, then some beats of the worker."""
        chances = {
            self.append: 0.42,
            self.ask: 0.34,
            self.flash: 0.06,
            self.decide: 0.03,
            self.cancel: 0.05,
            self.pin: 0.04,
            self.fork: 0.04,
            self.reopen: 0.02,
        }
        chosen = self.random.choice(len(chances), p=list(chances.values()))
        list(chances)[chosen]()
        for _ in range(int(self.random.integers(0, 4))):
            self.link.beat()
        self.check()

    def check(self) -> None:
        """Compare what was answered since the last look."""
        new, self.seen = self.link.sent[self.seen :], len(self.link.sent)
        for message in new:
            if isinstance(message, messages.Done):
                self.answered.add(message.id)
                uid, _, question = self.asked[message.id]
                self.compare(self.lives[uid], question, message)
            elif isinstance(message, messages.Evaluated):
                if message.session in self.tenants:
                    self.compare(self.tenants[message.session], message.id, message)
            elif isinstance(message, messages.Failed):
                self.failed(message)

    def failed(self, message: messages.Failed) -> None:
        """Only what a full, removed or too narrow session explains may fail."""
        self.answered.add(message.id)
        assert message.id, message
        assert message.code in ("not_found", "context_length_exceeded", "bad_request"), message

    def compare(
        self, tenant: Tenant, question: str, found: messages.Done | messages.Evaluated
    ) -> None:
        if question == DECISION:
            self.decided += 1
            assert found.text in YES_OR_NO.choices or getattr(found, "source", "") == "below"
            return
        seen = tenant.lines[found.window_from : found.lines]
        said = self.lone.answer(seen, question, MOST)
        self.checked += 1
        if found.text != said.text:
            self.close_calls += 1
            assert said.margin < CLOSE, (tenant.name, question, found, said)


def opened_engine(kind: str, path: Path, tuning: Tuning) -> Engine:
    """An engine with cells for a few of them."""
    if kind == "llama.cpp":
        return LlamaCpp(Model(path), tuning, FIT * LIMIT, CELL_BYTES, {})
    weights = model.load(path, read_header(path), torch.device("cpu"), unheard)
    return Gpu(weights, FIT * LIMIT, "f16", {})


@pytest.fixture(params=SHARE)
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crowd]:
    path = write_model(tmp_path / "tiny.gguf", seed=3, template=CHATML)
    tuning = Tuning(flash=False, chunk=128, threads=1)
    engine = opened_engine(request.param, path, tuning)
    other = LlamaCpp(Model(path), tuning, 1 << 16, CELL_BYTES, {})
    vocabulary = ModelVocabulary(Model(path, vocabulary_only=True))
    parts = template.split(vocabulary)
    settings = Settings(host_budget_mb=1, disk_budget_mb=1, ask_wait_s=1e9, snapshot_idle_s=5)
    snapshots = Snapshots(tmp_path / "kv", bytes(32))
    link = Link(engine, vocabulary, clock=Running(), snapshots=snapshots, settings=settings)
    lone = Lone(other, vocabulary, template.frame(parts, None, vocabulary))
    yield Crowd(link, lone, seed=7, operations=round(SHARE[request.param] * OPERATIONS))
    engine.close()
    other.close()


@pytest.mark.timeout(3600)
def test_a_crowd_on_few_cells(crowd: Crowd, record_property: Callable[[str, object], None]) -> None:
    for _ in range(SESSIONS):
        crowd.open()
    for _ in range(crowd.operations):
        crowd.step()
    crowd.link.rest()
    crowd.check()
    engine = crowd.link.engine
    assert engine.reserved <= FIT * LIMIT
    gone = {key for key, (_, name, _) in crowd.asked.items() if name not in crowd.tenants}
    assert set(crowd.asked) <= crowd.answered | crowd.cancelled | gone
    assert crowd.checked > crowd.operations / 5
    assert crowd.decided
    assert crowd.close_calls <= crowd.checked / 50
    for name in list(crowd.tenants):
        crowd.send(messages.Close(name))
    crowd.link.rest()
    assert (engine.used, engine.reserved) == (0, 0)
    moves = crowd.link.of(messages.Moved)
    assert {"device", "host"} <= {move.place for move in moves}
    record_property(
        "crowd",
        f"{crowd.operations} operations: {crowd.checked} answers checked, "
        f"{crowd.close_calls} close calls, {len(moves)} moves on the ladder",
    )
