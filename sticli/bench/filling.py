"""Sessions filled alike on every engine, and figures from what these answered."""

from collections.abc import Iterable, Sequence

from sticli.bench.adapters.base import NAMES, Adapter
from sticli.bench.consumption import Meter
from sticli.bench.estimate import Estimate, level, median, paired, ratio
from sticli.bench.feeds import Source, Trades
from sticli.bench.growth import limit
from sticli.bench.report import Case, Figure, Run, Sample
from sticli.bench.schedule import Question
from sticli.bench.stage import Stage
from sticli.errors import SticliError
from sticli.wilson import wilson

FLASH, READY, BARE = NAMES["flash"], NAMES["ready"], NAMES["bare"]
LARGE = 8192  # tokens of a trained context from which on the long default is used
LONG, SHORT = 4096, 600
TRIES = 3  # asks by which a pace is found
APART, ROOM = 0.05, 4.0  # seconds between two asks: at least, and in times that one takes


def context(stage: Stage) -> int:
    """Tokens of a session when it is asked: what was chosen, else what the model can read.

    Raises:
        SticliError: the model was not made for so many.
    """
    long = stage.model.context >= LARGE and not stage.options.quick
    chosen = (*stage.options.contexts, LONG if long else SHORT)[0]
    if limit(stage.prompter, chosen) > stage.model.context:
        raise SticliError(
            "bad_request",
            f"--context {chosen:,}: with room for questions that is more than the "
            f"{stage.model.context:,} tokens that the model was made for",
            "give a smaller one, or a model for more, as `--shape feed-4m`",
        )
    return chosen


def cells(stage: Stage, tokens: int) -> int:
    """Those of a session whose window keeps so many tokens, or as the model was made for."""
    return min(limit(stage.prompter, tokens), stage.model.context)


def market(stage: Stage, seed: int) -> Source:
    """A market feed by the token; each seed is another one."""
    return Source(Trades(1000 * stage.options.seed + seed), stage.prompter)


def fill(
    engines: Iterable[Adapter],
    session: str,
    lines: Sequence[str],
    standing: Sequence[Question] = (),
) -> None:
    """Open a session that holds these lines, all settled, on every engine."""
    for engine in engines:
        engine.open(session, standing)
        engine.append(session, lines)
        engine.settle(session)


def in_turn(
    engines: Sequence[Adapter], question: Question, count: int, workload: str, case: Case
) -> list[Run]:
    """One question again and again, each engine as soon as the one before it has answered.

    Nobody sleeps for long, so that the times are those of the engines, not of a machine that has
    to wake up.
    """
    meters = [Meter(one.processes()) for one in engines]
    found = [[_sample(one, question) for one in engines] for _ in range(count)]
    columns = zip(*found, strict=True)
    return [
        Run(workload, case, one.name, 0, list(samples), meter.usage())
        for one, samples, meter in zip(engines, columns, meters, strict=True)
    ]


def _sample(engine: Adapter, question: Question) -> Sample:
    try:
        one = engine.ask(question.session, question)
    except SticliError as error:
        return Sample(question.session, question.text, error=str(error))
    return Sample(
        question.session,
        question.text,
        one.text,
        one.source,
        one.first - one.asked,
        one.last - one.asked,
        one.stall,
        one.prompt,
        one.computed,
        one.tokens,
        one.lines,
    )


def pace(engines: Iterable[Adapter], question: Question) -> float:
    """Seconds between two questions at which no engine here has to make one wait for another."""
    slowest = 0.0
    for engine in engines:
        replies = [engine.ask(question.session, question) for _ in range(TRIES)]
        slowest = max(slowest, median([one.last - one.asked for one in replies]))
    return max(APART, ROOM * slowest)


def named(engines: Iterable[Adapter], *names: str) -> list[Adapter]:
    """Those that the report calls so, as far as they take part."""
    return [one for one in engines if one.name in names]


def figure(
    workload: str,
    name: str,
    found: Estimate,
    detail: str,
    *,
    target: float | None = None,
    least: bool = False,
    unit: str = "×",
) -> Figure:
    """An estimate as a figure."""
    return Figure(workload, name, found.value, unit, target, least, found.low, found.high, detail)


def share(hits: int, of: int) -> Estimate:
    """Percent of some, with their 95 % Wilson interval."""
    value = 100 * hits / of
    low, high = wilson(hits, of)
    return Estimate(value, min(value, 100 * low), max(value, 100 * high))  # rounding aside


def over(
    workload: str,
    name: str,
    ours: Sequence[Sample],
    theirs: Sequence[Sample],
    detail: str,
    *,
    target: float | None = None,
) -> Figure:
    """Time to the first token on one side over that on the other, where both saw the same lines."""
    both = len(ours) == len(theirs)
    mine, other = paired(ours, theirs, alike=True) if both else ([], [])
    if not mine:
        return Figure(workload, name, None, target=target, detail=failed(ours, theirs))
    times = f"{level(mine).value * 1e3:,.2f} over {level(other).value * 1e3:,.2f} ms"
    told = f"{times}, {len(mine)} of {len(ours)} questions, {detail}"
    return figure(workload, name, ratio(mine, other), told, target=target)


def long(context: int, target: float) -> float | None:
    """The target of what is promised of long sessions; none for shorter ones, which are easier."""
    return target if context >= LONG else None


def failed(*sides: Sequence[Sample]) -> str:
    """Why a figure could not be had from the samples of these sides."""
    if not all(sides):
        return "an engine that it needs does not take part"
    errors = (f"no answer: {one.error}" for side in sides for one in side if one.error)
    return next(errors, "no question was answered by both after the same lines")
