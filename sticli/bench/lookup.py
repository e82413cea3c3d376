"""What guessing ahead gains, and costs where it is of no use.

A whole worker answers over the real engine, with guesses and without, question by question in
turn. Which token comes next is read from a script, so that any model may stand for one that writes
this text; each pass computes all that it always does, and the guesses come from the session's
lines as ever. What is measured is the text's own repetition against what a pass costs.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sticli import paths
from sticli.bench.estimate import ratio
from sticli.bench.filling import figure
from sticli.bench.report import Figure
from sticli.bench.script import TRAVEL, conversation
from sticli.bench.stage import Advance
from sticli.config import Settings
from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, Output, Plan, Vocabulary
from sticli.daemon.engines.choose import open_engine
from sticli.daemon.engines.scores import HostScores
from sticli.daemon.worker import house, template

HELD = 8  # lines of the session that is asked
ABOVE = 1e4  # logits by which the script decides


class Scripted:
    """A real engine whose question, one at a time, finds the tokens of `script` the likeliest."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.script: list[int] = []
        self._begin = 0  # where the answer begins
        self.passes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def answer(self, script: list[int]) -> None:
        """What the next question is answered with."""
        self.script, self._begin, self.passes = script, 0, 0

    def run(self, plan: Plan) -> Output:
        output = self._engine.run(plan).logits
        for row, logits in zip(plan.rows, output, strict=True):
            if logits is None:
                continue
            end = row.start + len(row.tokens)
            self._begin = self._begin or end
            self.passes += 1
            for n, at in enumerate(
                range(end - len(logits) + 1 - self._begin, end + 1 - self._begin)
            ):
                logits[n][self.script[min(at, len(self.script) - 1)]] += ABOVE
        return Output(tuple(None if item is None else HostScores(item) for item in output))


@dataclass(frozen=True, slots=True)
class Run:
    """One answer: how long its decoding took, in how many passes, and how its guesses did."""

    seconds: float
    passes: int
    done: messages.Done


class Worker:
    """A whole worker in this thread, which answers one question after the other."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary, below: int) -> None:
        self._inbox: list[messages.Inbound] = []
        self._sent: list[messages.Outbound] = []
        self._loop = house.assemble(
            engine,
            vocabulary,
            template.split(vocabulary),
            Settings(speculate_below=below),
            messages.Ready("", "", "bench", engine.name, 4096, vocabulary.size, 0, {}),
            None,
            self._receive,
            self._sent.append,
            time.perf_counter,
        )

    def _receive(self, seconds: float | None) -> tuple[messages.Inbound, float] | None:
        return (self._inbox.pop(0), time.perf_counter()) if self._inbox else None

    def work(
        self, inbound: list[messages.Inbound], kind: type[messages.Message], least: int
    ) -> Any:
        """Deliver messages, and step until so many of a kind were sent; returns the last."""
        self._inbox += inbound
        self._sent.clear()
        while len(found := [item for item in self._sent if isinstance(item, kind)]) < least:
            self._loop.beat()
        return found[-1]


def measure(
    engine: Engine, vocabulary: Vocabulary, lines: list[str], answers: list[str], below: int
) -> Iterator[Run]:
    """The answers of a session of these lines, one a step of the iterator."""
    scripted = Scripted(engine)
    worker = Worker(cast(Engine, scripted), vocabulary, below)
    name = f"below{below}"
    opened = messages.Open(name, name, "", 2048, len(lines), len(lines))
    texts = messages.Lines(name, 0, len(lines), list(lines))
    worker.work([opened, texts], messages.Restored, 1)
    for id, text in enumerate(answers, 1):
        script = vocabulary.encode(text)
        scripted.answer(script)
        ask = messages.Ask(id, name, "what next?", len(script), 0)
        done = worker.work([ask], messages.Done, 1)
        assert done.text == text.strip(), "the script decides"
        yield Run(done.total_s - done.first_token_s, scripted.passes - 1, done)
    worker.work([messages.Close(name)], messages.Usage, 1)


def calls(seed: int, count: int) -> list[str]:
    """Calls of an agent's five tools: names and keys that come again, and values that may."""
    return [turn.call for turn in conversation(TRAVEL, count, 0, seed).turns]


def noise(seed: int, count: int) -> list[str]:
    """Letters of which every pair stood before, and nothing follows from them."""
    source = random.Random(seed)
    return ["".join(source.choices("abcd", k=90)) for _ in range(count)]


Workload = Callable[[int, int], list[str]]
WORKLOADS: dict[str, Workload] = {"tool calls": calls, "random letters": noise}


def figures(model: Path, seed: int, rounds: int, advance: Advance) -> list[Figure]:
    """A figure a workload: how many times as fast decoding is with guesses.

    Raises:
        SticliError: the model cannot run.
    """
    engine, vocabulary, _ready = open_engine(Settings(model=str(model)), paths.resolve().cache)
    found = []
    try:
        for name, workload in WORKLOADS.items():
            texts = workload(seed, HELD + rounds)
            found.append(_figure(name, texts, engine, vocabulary))
            advance("drafts")
    finally:
        engine.close()
    return found


def _figure(name: str, texts: list[str], engine: Engine, vocabulary: Vocabulary) -> Figure:
    """Pairwise: each answer is decoded without guesses and with them."""
    sides = [measure(engine, vocabulary, texts[:HELD], texts[HELD:], below) for below in (0, 4)]
    pairs = list(zip(*sides, strict=True))
    tokens = sum(quick.done.completion_tokens - 1 for _, quick in pairs)
    passes = sum(quick.passes for _, quick in pairs)
    drafted = sum(quick.done.drafted for _, quick in pairs)
    accepted = sum(quick.done.accepted for _, quick in pairs)
    detail = (
        f"{tokens / passes:.2f} tokens a pass, {accepted} of {drafted} guesses right; the choice "
        "of tokens is scripted, the passes are real"
    )
    found = ratio([one.seconds for one, _ in pairs], [quick.seconds for _, quick in pairs])
    title = f"decoding with drafts, times as fast as without: {name}"
    return figure("overhead", title, found, detail, least=True)
