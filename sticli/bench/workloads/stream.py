"""Lines arrive, a question follows: time to an answer against context and delta.

Preset p1 is a published set-up: 155 to 1,200 candles, a short and a longer answer after each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from sticli.bench.against import LIVE, REUSE, STATELESS, by_engine, faster
from sticli.bench.feeds import DIRECTION, LAST_SYMBOL, Candles, Feed, Source, Trades
from sticli.bench.growth import Growth, Pace, contest, grown, held, limit
from sticli.bench.report import Case
from sticli.bench.schedule import Schedule
from sticli.bench.stage import Options, Stage
from sticli.errors import SticliError

NAME, P1 = "stream", "p1"
ENGINES = ("live", "flash", "bare", "reuse", "stateless")
QUICK = ("live", "flash", "reuse", "stateless")
CONTEXTS = (4096, 16384)
SMALL = (256, 640)  # for a model that was made for less
DELTAS = (64, 256, 1024)
SLACK = 1 / 8  # of a context: by so much a session grows past it before a new one takes its place
TOKENS = 8  # of an answer, at most
ROUNDS, FEW = 12, 4  # FEW: of a quick run
FAR = 8192  # tokens of context from which rounds are halved, and lines come more slowly:
RATE, SLOW = 50.0, 10.0  # lines a second, such that two cores and a small model can follow

TARGETS = {REUSE: 5.9, STATELESS: 50.0}  # times as fast, to hold from these on:
LARGE, MUCH = 16384, 1024  # tokens of context, and of a delta

CANDLES = (155, 300, 600, 1200)
CANDLE_RATE = 4.0  # a second: time enough to read one before the question comes
ANSWERS = ((DIRECTION, 1), ("describe the last candle", 16))  # a question, tokens of its answer


@dataclass(frozen=True, slots=True)
class Plan:
    """One case: a session is asked at `context` tokens and more, after each `delta` of them."""

    name: str
    context: int
    delta: int
    text: str
    tokens: int  # of the answer, at most
    pace: Pace
    rounds: int
    case: Case
    measure: str = "first"  # which token of the answer the figures are of

    @property
    def length(self) -> int:
        """Questions that are put to one session before another takes its place."""
        return 1 + int(self.context * SLACK) // self.delta


def run(stage: Stage) -> None:
    """Measure it.

    Raises:
        SticliError: the contexts do not fit the model, or an engine does not start.
    """
    plans = _p1(stage) if stage.options.preset == P1 else _plans(stage)
    cells = _cells(stage, plans)
    stage.note("sessions are asked once before the first question that counts: caches are warm")
    stage.note("sticli and servers send each token of an answer on; llama.cpp calls just return it")
    with (
        stage.engines(QUICK if stage.options.quick else ENGINES, cells) as engines,
        stage.bar(NAME, sum(plan.rounds for plan in plans) * len(engines)) as advance,
    ):
        for number, plan in enumerate(plans):
            stage.note(f"{NAME}: {plan.pace}; a question is due when the next batch would be")
            source = Source(_feed(stage.options, number), stage.prompter)
            growth = Growth(engines, source, plan.pace, plan.text, plan.tokens)
            stretches = _stretches(stage, growth, plan)
            for _ in contest(stage, growth, NAME, plan.case, stretches):
                advance(plan.name)
            _figures(stage, plan)


def _feed(options: Options, number: int) -> Feed:
    seed = options.seed * 1000 + number
    return Candles(seed) if options.preset == P1 else Trades(seed)


def _stretches(stage: Stage, growth: Growth, plan: Plan) -> Iterator[Schedule]:
    """One of each round; when a session has grown too far a new one takes its place."""
    begin = held(stage.prompter, plan.context - plan.delta)
    for first in range(0, plan.rounds, plan.length):
        name = f"{NAME}-{plan.context}-{plan.delta}-{plan.tokens}-{first}"
        count = min(plan.length, plan.rounds - first)
        yield from grown(growth, name, begin, plan.delta, count)


def _plans(stage: Stage) -> list[Plan]:
    """Contexts × deltas; a delta is half of the context at most."""
    options = stage.options
    deltas = options.deltas or (DELTAS[:2] if options.quick else DELTAS)
    found = [
        _plan(options, context, delta)
        for context, delta in product(options.contexts or _contexts(stage), deltas)
        if delta <= context / 2
    ]
    if not found:
        why = "each is more than half of the context"
        raise SticliError("bad_request", f"no delta fits: {why}", "--context 16k --delta 1k")
    return found


def _plan(options: Options, context: int, delta: int) -> Plan:
    pace = Pace(options.rate or (RATE if context < FAR else SLOW))
    case: Case = {"context": context, "delta": delta}
    name = f"{context:,} tokens, delta {delta:,}"
    rounds = _rounds(options, context)
    return Plan(name, context, delta, LAST_SYMBOL, TOKENS, pace, rounds, case)


def _rounds(options: Options, context: int) -> int:
    usual = ROUNDS if context < FAR else ROUNDS // 2
    return options.rounds or (FEW if options.quick else usual)


def _contexts(stage: Stage) -> Sequence[int]:
    """Those that the model was made for; quick ones only if `--quick`."""
    fitting = [one for one in CONTEXTS if _needs(stage, one) <= stage.model.context]
    return fitting[: 1 if stage.options.quick else None] or SMALL


def _p1(stage: Stage) -> list[Plan]:
    """Numbers of candles × a short and a longer answer, after one candle each."""
    counts = CANDLES[: 2 if stage.options.quick else None]
    return [_candles(stage, count, *answer) for count, answer in product(counts, ANSWERS)]


def _candles(stage: Stage, count: int, text: str, tokens: int) -> Plan:
    options = stage.options
    delta = len(stage.prompter.line(Candles(options.seed).line()))
    context = len(stage.prompter.frame.prefix) + count * delta
    pace = Pace(options.rate or CANDLE_RATE)
    rounds = _rounds(options, context)
    case: Case = {"preset": P1, "candles": count, "context": context, "tokens": tokens}
    name = f"{count:,} candles, {tokens}-token answer"
    return Plan(name, context, delta, text, tokens, pace, rounds, case, "last")


def _cells(stage: Stage, plans: Sequence[Plan]) -> int:
    """The limit of a session that holds any of them.

    Raises:
        SticliError: it is more than the model was made for.
    """
    largest = max(plan.context for plan in plans)
    cells, most = _needs(stage, largest), stage.model.context
    if cells > most:
        why = f"sessions of {cells:,} cells; the model was made for {most:,}"
        hint = "smaller --context, or a model for more, as `--shape feed-4m`"
        raise SticliError("bad_request", f"questions at {largest:,} tokens take {why}", hint)
    return cells


def _needs(stage: Stage, context: int) -> int:
    """Cells of a session that is asked at so many tokens, and a little more."""
    return limit(stage.prompter, context + int(context * SLACK))


def _figures(stage: Stage, plan: Plan) -> None:
    """How many times as fast a live answer comes as each other engine's."""
    found = by_engine(stage.report, NAME, plan.case)
    far = plan.context >= LARGE and plan.delta >= MUCH
    for engine, theirs in found.items():
        if LIVE in found and not engine.startswith("sticli"):
            name = f"ask at {plan.name}: live, times as fast as {engine}"
            target = TARGETS.get(engine) if far else None
            stage.figure(faster(NAME, name, found[LIVE], theirs, target, plan.measure))
