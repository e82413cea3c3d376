"""What the daemon adds to the bare engine calls, and the command line to Python.

Sides alternate, question by question or process by process, so that a noisy machine weighs alike.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from sticli.bench import commandline, filling, lookup
from sticli.bench.adapters.base import Adapter
from sticli.bench.adapters.calls import Calls, Tokens, best
from sticli.bench.against import LIVE, by_engine
from sticli.bench.commandline import timed
from sticli.bench.estimate import level, ratio
from sticli.bench.feeds import LAST_SYMBOL
from sticli.bench.filling import BARE
from sticli.bench.prompt import Context
from sticli.bench.report import Case, Figure
from sticli.bench.schedule import Question
from sticli.bench.stage import Advance, Stage

NAME = "overhead"
ENGINES = ("live", "bare")
ASK = (
    "ask, first token, through the CLI's client, over the bare engine's time for the same tokens "
    "at the same context"
)
INGEST = "ingest tokens/s over the bare engine's prefill"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    context: int  # tokens of the session that is asked
    rounds: int
    asks: int = 4  # a round
    lines: int = 200_000  # of a file: more in a row meet the limit of what may be pending

    @classmethod
    def of(cls, stage: Stage) -> "Sizes":
        """What was chosen, and what fits the model."""
        quick = stage.options.quick
        context, rounds = filling.context(stage), stage.options.rounds
        return cls(context, rounds or (6 if quick else 40))

    @property
    def few(self) -> int:
        """Rounds of what takes long."""
        return max(3, self.rounds // 4)

    @property
    def steps(self) -> int:
        """Steps of the bar."""
        return 1 + self.rounds + 3 * self.few + len(lookup.WORKLOADS)


def run(stage: Stage) -> None:
    """Record it all."""
    sizes = Sizes.of(stage)
    with stage.bar(NAME, sizes.steps) as advance:
        limit = filling.cells(stage, sizes.context)
        with stage.engines(ENGINES, limit) as engines:
            asks(stage, engines, sizes, advance)
        with stage.engines(("live",), limit) as engines:  # no other threads beside the bare calls
            ingest(stage, engines, sizes, limit, advance)
        for found in _processes(stage, sizes, advance):
            stage.figure(found)


def asks(stage: Stage, engines: list[Adapter], sizes: Sizes, advance: Advance) -> None:
    """One question again and again, of a session that has settled."""
    lines = filling.market(stage, 1).take(sizes.context)
    filling.fill(engines, "asked", lines)
    question = Question(0.0, "asked", LAST_SYMBOL, 1)
    case: Case = {"context": sizes.context, "tokens": 1}
    filling.in_turn(engines, question, sizes.asks, NAME, case)  # to warm up
    for found in filling.in_turn(engines, question, sizes.rounds * sizes.asks, NAME, case):
        stage.record(found)
    advance("asks")
    by = by_engine(stage.report, NAME, case)
    detail = f"at {sizes.context:,} cells"
    ours, floor = by.get(LIVE, []), by.get(BARE, [])
    stage.figure(filling.over(NAME, ASK, ours, floor, detail, target=1.10))


def ingest(
    stage: Stage, engines: list[Adapter], sizes: Sizes, limit: int, advance: Advance
) -> None:
    """Many lines at once, from the append until they have settled, beside one plain prefill."""
    live = filling.named(engines, LIVE)
    if not live:
        why = "the engine live does not take part"
        stage.figure(Figure(NAME, INGEST, None, target=0.95, least=True, detail=why))
        return
    ours, floor = list[float](), list[float]()
    with _calls(stage, limit) as calls:
        for turn in range(sizes.few):
            lines = filling.market(stage, 100 + turn).take(sizes.context)
            ours.append(_settles(live[0], f"bulk{turn}", lines))
            floor.append(calls(parts(stage, lines, limit)))
            advance("ingest")
    times = f"{level(floor).value * 1e3:,.0f} over {level(ours).value * 1e3:,.0f} ms"
    detail = f"{times} for {sizes.context:,} tokens at once, {sizes.few} times"
    found = ratio(floor, ours)
    stage.figure(filling.figure(NAME, INGEST, found, detail, target=0.95, least=True))


def _settles(engine: Adapter, session: str, lines: list[str]) -> float:
    """Seconds until a new session has read the lines; its prefix is not counted on either side."""
    engine.open(session)
    engine.settle(session)

    def ingest() -> None:
        engine.append(session, lines)
        engine.settle(session)

    seconds = timed(ingest)
    engine.drop(session)
    return seconds


def parts(stage: Stage, lines: list[str], limit: int) -> tuple[Tokens, Tokens]:
    """Those of the prefix, and those of the lines."""
    context = Context(stage.prompter, limit)
    start = len(context.tokens())
    context.add(lines)
    tokens = np.array(context.tokens(), np.int32)
    return tokens[:start], tokens[start:]


@contextmanager
def _calls(stage: Stage, limit: int) -> Iterator[Callable[[tuple[Tokens, Tokens]], float]]:
    """What computes a prompt in plain calls, and tells the seconds of its second part.

    It has a thread of its own that ends with it, and the threads of llama.cpp with that.
    """
    path = stage.model.path
    with ThreadPoolExecutor(1) as thread:
        calls = thread.submit(lambda: Calls(path, limit, 1, best(path))).result()
        try:
            yield lambda parts: thread.submit(_prefill, calls, *parts).result()
        finally:
            thread.submit(calls.close).result()


def _prefill(calls: Calls, prefix: Tokens, lines: Tokens) -> float:
    calls.cut(0, 0)
    calls.compute(0, prefix, 0)
    return timed(lambda: calls.compute(0, lines, len(prefix)))


def _processes(stage: Stage, sizes: Sizes, advance: Advance) -> Iterator[Figure]:
    """What the command line costs, and what drafting gains."""
    path = stage.model.path
    yield commandline.answer(path, sizes.rounds, advance)
    for durability in ("normal", "full"):
        yield commandline.appends(path, sizes.lines, sizes.few, durability, advance)
    with ThreadPoolExecutor(1) as thread:  # as the bare calls
        drafts = thread.submit(lookup.figures, path, stage.options.seed, sizes.few, advance)
        yield from drafts.result()
