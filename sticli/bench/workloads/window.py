"""A session past its limit: its window moves on, and what a prefix cache holds fits no more."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sticli.bench.adapters.base import Adapter
from sticli.bench.against import LIVE, by_engine, faster
from sticli.bench.feeds import LAST_SYMBOL, Source, Trades
from sticli.bench.growth import LONGEST, Growth, Pace, contest, grown
from sticli.bench.prompt import room
from sticli.bench.report import Case, Sample
from sticli.bench.stage import Advance, Stage
from sticli.daemon.worker.window import HIGH, KEEP
from sticli.errors import SticliError

NAME = "window"
ENGINES = ("live", "reuse", "stateless")
LIMIT = 4096  # cells of a session, or what the model was made for if that is less
MOVES, FEW = 6, 2  # of the window; FEW: of a quick run
EACH = 4  # questions from one move to the next
RATE = 50.0  # lines a second
TOKENS = 8  # of an answer, at most


def run(stage: Stage) -> None:
    """Measure it, with new engines for each limit.

    Raises:
        SticliError: a limit does not fit the model, or an engine does not start.
    """
    for limit in _limits(stage):
        plans = _plans(stage, limit)
        with (
            stage.engines(ENGINES, limit) as engines,
            stage.bar(NAME, sum(plan.count for plan in plans) * len(engines)) as advance,
        ):
            for plan in plans:
                _play(stage, engines, plan, advance)


@dataclass(frozen=True, slots=True)
class Plan:
    """One case: a session of `limit` cells gets `delta` tokens and a question, `count` times."""

    limit: int
    delta: int
    count: int

    @property
    def case(self) -> Case:
        return {"context": self.limit, "delta": self.delta}

    @property
    def name(self) -> str:
        return f"past {self.limit:,} cells, delta {self.delta:,}"


def _limits(stage: Stage) -> tuple[int, ...]:
    most = stage.model.context
    for limit in stage.options.contexts:
        if limit > most:
            why = f"the model was made for {most:,}"
            raise SticliError(
                "bad_request",
                f"sessions of {limit:,} cells do not fit: {why}",
                f"give a --context of at most {most}",
            )
    return stage.options.contexts or (min(LIMIT, most),)


def _plans(stage: Stage, limit: int) -> list[Plan]:
    options = stage.options
    step = int(room(stage.prompter, limit) * (HIGH - KEEP))  # tokens from one move to the next
    moves = options.rounds or (FEW if options.quick else MOVES)
    deltas = options.deltas or (step // EACH,)
    return [Plan(limit, delta, moves * math.ceil(step / delta)) for delta in deltas]


def _play(stage: Stage, engines: list[Adapter], plan: Plan, advance: Advance) -> None:
    """Fill a session to just below its first move, and go on."""
    options, cells = stage.options, room(stage.prompter, plan.limit)
    source = Source(Trades(options.seed), stage.prompter)
    pace = Pace(options.rate or RATE)
    stage.note(f"{NAME}: {pace}; a question is due when the next batch would be")
    stage.note(f"{NAME}: sticli answers from the window before until it has read the new one")
    growth = Growth(engines, source, pace, LAST_SYMBOL, TOKENS)
    begin = int(cells * HIGH) - plan.delta - LONGEST
    stretches = grown(growth, f"{NAME}-{plan.limit}-{plan.delta}", begin, plan.delta, plan.count)
    for _ in contest(stage, growth, NAME, plan.case, stretches):
        advance(plan.name)
    _figures(stage, plan)


def _figures(stage: Stage, plan: Plan) -> None:
    """Live against the others: over all questions, and over the first ones after each move."""
    found = by_engine(stage.report, NAME, plan.case)
    ours = found.get(LIVE, [])
    for engine, theirs in found.items():
        if ours and not engine.startswith("sticli"):
            name = f"ask {plan.name}: live, times as fast as {engine}"
            stage.figure(faster(NAME, name, ours, theirs))
            at = moved(theirs)
            kept = [ours[one] for one in at], [theirs[one] for one in at]
            stage.figure(faster(NAME, f"{name}, right after a move", *kept))


def moved(samples: Sequence[Sample]) -> list[int]:
    """Places of the answers whose prompt had lost its oldest lines since the one before."""
    pairs = enumerate(pairwise(samples), 1)
    return [at for at, (before, now) in pairs if not now.error and now.prompt < before.prompt]
