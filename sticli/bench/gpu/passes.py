"""Whole passes against the least they can cost: decoding, questions on a context, prefill."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sticli.bench.gpu.ceilings import Ceilings
from sticli.bench.gpu.rig import Rig
from sticli.bench.gpu.stopwatch import waited
from sticli.daemon.engines.base import Exhausted, Seq
from sticli.kernels.operands import CELLS

ROWS = (1, 4, 16)
CONTEXTS = (1024, 8192, 32768)
QUESTION = 16  # tokens
BEHIND = (2048, 8192, 16384, 32768, 65536)
TOGETHER = (1, 8, 32)  # questions of 32 tokens on one context
LONG = 32768
CHUNK = 2048


def cells(*, small: bool) -> int:
    """Cells that all of it needs at once."""
    return 1 << 14 if small else max(ROWS) * (max(CONTEXTS) + CELLS)


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass took as its caller sees it, against its bytes and operations."""

    what: str
    rows: int
    context: int
    tokens: int  # of each row
    seconds: float
    worst: float  # of all repetitions, as seconds are their median
    floor: float

    @property
    def over(self) -> float:
        """Times the floor."""
        return self.seconds / self.floor


def decoding(rig: Rig, ceilings: Ceilings, contexts: tuple[int, ...] = CONTEXTS) -> Iterator[Pass]:
    """One token a row, every row behind a context of its own; what does not fit is left out."""
    for rows in ROWS:
        for context in contexts:
            yield from _measured(rig, ceilings, "decode", rows, context, 1)


def first_tokens(
    rig: Rig, ceilings: Ceilings, contexts: tuple[int, ...] = BEHIND
) -> Iterator[Pass]:
    """A question behind a context that is there: what an ask waits for."""
    for context in contexts:
        yield from _measured(rig, ceilings, "question", 1, context, QUESTION)


def prefill(
    rig: Rig, ceilings: Ceilings, contexts: tuple[int, ...] = (0, 8192), chunk: int = CHUNK
) -> Iterator[Pass]:
    """A chunk of a prompt, at its beginning and far behind it."""
    for context in contexts:
        yield from _measured(rig, ceilings, "prefill", 1, context, chunk)


def _measured(
    rig: Rig, ceilings: Ceilings, what: str, rows: int, context: int, tokens: int
) -> Iterator[Pass]:
    seqs: list[Seq] = []
    try:
        for _ in range(rows):
            seqs.append(rig.context(context, tokens))
        times = waited(rig.step(seqs, tokens), rig.model.device)
        cells = rows * (context + tokens)
        yield _pass(rig, ceilings, what, rows, context, tokens, times, cells)
    except Exhausted:  # the device has no room for so many cells
        return
    finally:
        for seq in seqs:
            rig.cells.drop(seq)


def _pass(
    rig: Rig,
    ceilings: Ceilings,
    what: str,
    rows: int,
    context: int,
    tokens: int,
    times: list[float],
    cells: int,
) -> Pass:
    total = rows * tokens
    size = rig.weight_bytes + cells * rig.cell_bytes
    seen = 4.0 * rig.shape.layers * rig.shape.heads * rig.shape.head_size * total
    numbers = rig.numbers * total + rig.last_numbers * rows
    operations = 2.0 * numbers + seen * (context + tokens / 2)
    floor = ceilings.floor(size, operations)
    return Pass(what, rows, context, tokens, statistics.median(times), max(times), floor)


def together(
    rig: Rig, ceilings: Ceilings, context: int = LONG, counts: tuple[int, ...] = TOGETHER
) -> Iterator[tuple[Pass, float]]:
    """Questions on one context in one pass, and the seconds of as many passes of one question.

    Nothing if the pool does not hold them.
    """
    try:
        parent = rig.context(context, max(counts) * 2 * QUESTION)
    except Exhausted:
        return
    for count in counts:
        forks = [rig.cells.fork(parent, context) for _ in range(count)]
        times = waited(rig.step(forks, 2 * QUESTION), rig.model.device)
        single = waited(_each(rig, forks), rig.model.device, repeats=3)
        for fork in forks:
            rig.cells.drop(fork)
        cells = context + count * 2 * QUESTION
        found = _pass(rig, ceilings, "together", count, context, 2 * QUESTION, times, cells)
        yield found, statistics.median(single)
    rig.cells.drop(parent)


def _each(rig: Rig, forks: list[Seq]) -> Callable[[], object]:
    steps = [rig.step([fork], 2 * QUESTION) for fork in forks]
    return lambda: [step() for step in steps]
