"""Standing questions: hits, staleness, push delay, and what they cost others.

Preset p3 is about decisions instead: they are read off, or decoded, and may be wrong.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sticli.bench import echo, filling, standing
from sticli.bench.adapters.base import Adapter
from sticli.bench.against import LIVE, by_engine
from sticli.bench.estimate import answered, level, shift
from sticli.bench.feeds import LAST_SYMBOL, Source
from sticli.bench.filling import FLASH
from sticli.bench.player import alternate, play
from sticli.bench.report import Case, Figure, Run, Sample
from sticli.bench.schedule import Question, Schedule, spread
from sticli.bench.stage import Advance, Stage
from sticli.bench.workloads import decisions

NAME = "flash"
ENGINES = ("flash", "live", "bare", "reuse")
QUICK = ("flash", "live")
HIT = "fresh flash answer through the client"
TARGETS = {"p50": 1.0, "p99": 1.35}  # milliseconds
PLACES = {"p50": 0.5, "p99": 0.99}
APART = 0.005  # seconds between two hits
TOKENS = 8  # of an answer


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    context: int
    hits: int
    rounds: int
    seconds: float  # of a round with a feed
    rate: float  # lines a second of the feed
    pushes: int
    asks: float = 5.0  # a second

    @classmethod
    def of(cls, stage: Stage) -> "Sizes":
        """What was chosen, and what fits the model."""
        options, quick = stage.options, stage.options.quick
        return cls(
            context=filling.context(stage),
            hits=300 if quick else 2000,
            rounds=options.rounds or (1 if quick else 4),
            seconds=2.0 if quick else 10.0,
            rate=options.rate or 2.0,
            pushes=8 if quick else 100,
        )

    @property
    def steps(self) -> int:
        """Steps of the bar."""
        return 1 + 2 * self.rounds + self.pushes + standing.rounds(self.rounds)


def run(stage: Stage) -> None:
    """Record it all, or what the preset is about."""
    if stage.options.preset == "p3":
        decisions.run(stage)
        return
    sizes = Sizes.of(stage)
    with stage.bar(NAME, sizes.steps) as advance:
        names = QUICK if stage.options.quick else ENGINES
        limit = filling.cells(stage, 2 * sizes.context)
        with stage.engines(names, limit, sessions=4) as engines:
            hits(stage, filling.named(engines, FLASH), sizes, advance)
            feed(stage, engines, sizes, advance)
            impact(stage, filling.named(engines, FLASH), sizes, advance)
        for found in standing.figures(stage, sizes.context, sizes.pushes, sizes.rounds, advance):
            stage.figure(found)
    decisions.brief(stage)


def hits(stage: Stage, flash: Sequence[Adapter], sizes: Sizes, advance: Advance) -> None:
    """A standing question is asked again and again while nothing arrives.

    One right after the other shows what we cost; at a pace the machine has to wake two processes
    for each, which an echo between two others shows without us.
    """
    lines = filling.market(stage, 1).take(sizes.context)
    question = Question(0.0, "hits", LAST_SYMBOL, 1)
    filling.fill(flash, "hits", lines, [Question(0.0, "hits", LAST_SYMBOL, TOKENS)])
    found = _kept(stage, filling.in_turn(flash, question, sizes.hits, NAME, _at(sizes)))
    ahead = [one.first for one in answered(found) if one.source == "flash"]
    detail = f"{len(ahead)} of {len(found)} asks were answered ahead, at {sizes.context:,} cells"
    for place, target in TARGETS.items():
        stage.figure(_milliseconds(f"{HIT}: {place}", ahead, place, detail, target))
    _paced(stage, flash, sizes, len(lines))
    advance("hits")


def _at(sizes: Sizes) -> Case:
    return {"context": sizes.context, "rate": 0.0}


def _paced(stage: Stage, flash: Sequence[Adapter], sizes: Sizes, held: int) -> None:
    """The same at a pace, and an echo between processes at that pace."""
    asked = [Question(n * APART, "hits", LAST_SYMBOL, 1) for n in range(sizes.hits)]
    case = {**_at(sizes), "asks": 1 / APART}
    schedule = Schedule((), tuple(asked), {"hits": held})
    found = _kept(stage, [play(schedule, one, NAME, case, 0) for one in flash])
    ahead = [one.first for one in answered(found) if one.source == "flash"]
    floor = echo.times(sizes.hits, APART)
    detail = f"one every {APART * 1e3:.0f} ms"
    for place in TARGETS:
        stage.figure(_milliseconds(f"fresh flash answer at a pace: {place}", ahead, place, detail))
        name = f"a byte to another process and back at that pace: {place}"
        stage.figure(_milliseconds(name, floor, place, detail))


def _milliseconds(
    name: str, times: Sequence[float], place: str, detail: str, target: float | None = None
) -> Figure:
    """A quantile of times; none: a figure that could not be had."""
    if not times:
        return Figure(NAME, name, None, "ms", target, detail=detail)
    found = level([one * 1e3 for one in times], PLACES[place])
    return filling.figure(NAME, name, found, detail, target=target, unit="ms")


def feed(stage: Stage, engines: Sequence[Adapter], sizes: Sizes, advance: Advance) -> None:
    """A standing question is asked at any moment while lines arrive."""
    source = filling.market(stage, 2)
    lines = source.take(sizes.context)
    filling.fill(engines, "feed", lines, [Question(0.0, "feed", LAST_SYMBOL, TOKENS)])
    case: Case = {"context": sizes.context, "rate": sizes.rate}
    schedules = _rounds("feed", LAST_SYMBOL, source, len(lines), stage, sizes)
    for found in alternate(schedules, engines, NAME, case):
        stage.record(found)
        if found.engine == engines[-1].name:
            advance("a feed")
    by = by_engine(stage.report, NAME, case)
    for figure in _of_feed(by.get(FLASH, []), by.get(LIVE, []), sizes):
        stage.figure(figure)


def _of_feed(flash: Sequence[Sample], live: Sequence[Sample], sizes: Sizes) -> Iterator[Figure]:
    """How much was answered ahead, how old that was, and whether it was worth it."""
    told, detail = answered(flash), f"{sizes.rate:g} lines a second"
    name = "asks of a standing question that were answered ahead"
    ahead = sum(one.source == "flash" for one in told)
    if told:
        share = filling.share(ahead, len(told))
        counts = f"{ahead} of {len(told)}, {detail}"
        yield filling.figure(NAME, name, share, counts, unit="%", least=True)
    else:
        yield Figure(NAME, name, None, "%", detail=filling.failed(flash))
    for place in PLACES:
        name = f"staleness of an answer to a standing question: {place}"
        yield _milliseconds(name, [one.stale for one in told], place, detail)
    name = "ask of a standing question while its feed goes on, over asking live"
    yield filling.over(NAME, name, flash, live, detail)


def _rounds(
    session: str, text: str, source: Source, held: int, stage: Stage, sizes: Sizes
) -> Iterator[Schedule]:
    """Stretches of a feed, and questions at random moments, of a seed."""
    chance = random.Random(f"flash {stage.options.seed}")
    last = Schedule((), (), {session: held})
    for _ in range(sizes.rounds):
        lines = [source.feed.line() for _ in range(max(1, round(sizes.rate * sizes.seconds)))]
        moments = [
            (n + chance.random()) / sizes.asks for n in range(round(sizes.asks * sizes.seconds))
        ]
        asked = [Question(at, session, text, TOKENS) for at in moments]
        last = last.next(spread(session, lines, 1, sizes.rate), asked)
        yield last


def impact(stage: Stage, flash: Sequence[Adapter], sizes: Sizes, advance: Advance) -> None:
    """Asks of one daemon's two sessions in turn: equal feeds, one with standing questions."""
    found: dict[str, list[Sample]] = {}
    plays: dict[str, Iterator[Schedule]] = {}
    for session, texts in (("plain", ()), ("standing", standing.QUESTIONS)):
        source = filling.market(stage, 3)
        lines = source.take(sizes.context)
        questions = [Question(0.0, session, text, TOKENS) for text in texts]
        filling.fill(flash, session, lines, questions)
        plays[session] = _rounds(session, standing.OTHER, source, len(lines), stage, sizes)
    for turn, pair in enumerate(zip(*plays.values(), strict=True)):
        both = list(zip(plays, pair, strict=True))
        for session, schedule in both[:: -1 if turn % 2 else 1]:
            count = len(standing.QUESTIONS) if session == "standing" else 0
            case: Case = {"context": sizes.context, "questions": count, "rate": sizes.rate}
            ran = [play(schedule, one, NAME, case, turn) for one in flash]
            found.setdefault(session, []).extend(_kept(stage, ran))
        advance("foreground")
    for figure in _of_impact(found.get("standing", []), found.get("plain", []), sizes):
        stage.figure(figure)


def _of_impact(loaded: Sequence[Sample], plain: Sequence[Sample], sizes: Sizes) -> Iterator[Figure]:
    name = f"ask of a session with {len(standing.QUESTIONS)} standing questions, over none"
    detail = f"{sizes.rate:g} lines a second"
    yield filling.over(NAME, f"{name}: p50", loaded, plain, detail)
    slow, calm = ([one.first for one in answered(side)] for side in (loaded, plain))
    if slow and calm:
        yield filling.figure(NAME, f"{name}: p99", shift(slow, calm, 0.99), detail)


def _kept(stage: Stage, runs: Sequence[Run]) -> list[Sample]:
    for found in runs:
        stage.record(found)
    return [sample for found in runs for sample in found.samples]
