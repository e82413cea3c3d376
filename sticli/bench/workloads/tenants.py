"""Sessions beside each other: feeds and questions of many at once, residents, and full speed."""

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sticli.bench import filling, returning
from sticli.bench.adapters.base import Adapter
from sticli.bench.against import LIVE, by_engine, faster
from sticli.bench.estimate import answered, quantile, shift
from sticli.bench.feeds import LAST_SYMBOL, Source
from sticli.bench.player import alternate, play
from sticli.bench.report import Case, Figure, Sample
from sticli.bench.schedule import Arrival, Question, Schedule, spread
from sticli.bench.stage import Advance, Stage
from sticli.config import Settings
from sticli.errors import SticliError

NAME = "tenants"
ENGINES = ("live", "bare", "reuse", "stateless")
QUICK = ("live", "reuse")
NEIGHBOURS = 8
RESIDENT = "ask in one session with 8 other resident 4k sessions, over alone"
BUSY = "ask p99 while 8 sessions ingest at full speed, over idle and one step"
MAIN = Question(0.0, "main", LAST_SYMBOL, 1)
BATCH = 40  # lines of one append at full speed: more settle than windows move past


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    tenants: tuple[int, ...]
    crowd: int  # tokens of a session in the crowd
    context: int  # tokens of the session that has neighbours
    rounds: int
    seconds: float  # of a round
    rate: float  # lines a second, of each session
    asks: float = 5.0  # a second, of all sessions together
    repeats: int = 25  # of a question to one session, a round

    @classmethod
    def of(cls, stage: Stage) -> "Sizes":
        """What was chosen, and what fits the model."""
        options, quick = stage.options, stage.options.quick
        return cls(
            tenants=options.tenants or ((8,) if quick else (1, 4, 16)),
            crowd=options.contexts[0] if options.contexts else 400,
            context=filling.context(stage),
            rounds=options.rounds or (1 if quick else 3),
            seconds=1.5 if quick else 5.0,
            rate=options.rate or 2.0,
            repeats=20 if quick else 100,  # three rounds are enough for the interval of a p99
        )

    @property
    def steps(self) -> int:
        """Steps of the bar."""
        return self.rounds * (len(self.tenants) + 2) + len(returning.PLACES)


def run(stage: Stage) -> None:
    """Record it all."""
    sizes = Sizes.of(stage)
    with stage.bar(NAME, sizes.steps) as advance:
        names = QUICK if stage.options.quick else ENGINES
        limit = filling.cells(stage, 4 * sizes.crowd)
        with stage.engines(names, limit, sessions=max(sizes.tenants)) as engines:
            for count in sizes.tenants:
                crowd(stage, engines, count, sizes, advance)
        limit = filling.cells(stage, 2 * sizes.context)
        with stage.engines(("live",), limit, sessions=NEIGHBOURS + 1) as engines:
            live = filling.named(engines, LIVE)
            beside(stage, live, sizes, advance)
            full_speed(stage, live, sizes, advance)
        for found in returning.figures(stage, sizes.context, 8 * sizes.rounds, advance):
            stage.figure(found)


def crowd(
    stage: Stage, engines: Sequence[Adapter], count: int, sizes: Sizes, advance: Advance
) -> None:
    """Every session has its feed; the questions go to all of them in turn."""
    sources = {f"t{n}": filling.market(stage, n) for n in range(count)}
    held = dict[str, int]()
    for session, source in sources.items():
        lines = source.take(sizes.crowd)
        held[session] = len(lines)
        filling.fill(engines, session, lines)
        for engine in engines:  # whoever caches a prompt at the first question has done so
            _prime(engine, session)
    case: Case = {"tenants": count, "context": sizes.crowd, "rate": sizes.rate}
    for found in alternate(_rounds(sources, held, stage, sizes), engines, NAME, case):
        stage.record(found)
        if found.engine == engines[-1].name:
            advance(f"{count} sessions")
    _drop(engines, list(sources))
    for figure in _of_crowd(by_engine(stage.report, NAME, case), count):
        stage.figure(figure)


def _of_crowd(found: Mapping[str, Sequence[Sample]], count: int) -> Iterator[Figure]:
    """How many times as fast the first token of a live answer is as each other engine's."""
    for name, samples in found.items():
        if LIVE in found and not name.startswith("sticli"):
            title = f"ask among {count} sessions, each with its feed: live, times as fast as {name}"
            yield faster(NAME, title, found[LIVE], samples)


def _prime(engine: Adapter, session: str) -> None:
    try:
        engine.ask(session, Question(0.0, session, LAST_SYMBOL, 1))
    except SticliError:
        return  # the questions that count will say it too


def _rounds(
    sources: dict[str, Source], held: dict[str, int], stage: Stage, sizes: Sizes
) -> Iterator[Schedule]:
    """The stretches of the crowd's feeds, one after the other; sessions are not in step."""
    chance = random.Random(f"tenants {stage.options.seed} {len(sources)}")
    last = Schedule((), (), held)
    for _ in range(sizes.rounds):
        arrivals = list[Arrival]()
        for session, source in sources.items():
            lines = [source.feed.line() for _ in range(max(1, round(sizes.rate * sizes.seconds)))]
            arrivals += spread(session, lines, 1, sizes.rate, chance.random() / sizes.rate)
        arrivals.sort(key=lambda one: one.at)
        last = last.next(arrivals, questions(list(sources), chance, sizes.asks, sizes.seconds))
        yield last


def questions(
    sessions: Sequence[str], chance: random.Random, rate: float, seconds: float
) -> list[Question]:
    """`rate` questions a second, to the sessions in turn, none in step with anything else."""
    order = chance.sample(list(sessions), len(sessions))
    count = max(1, round(rate * seconds))
    moments = [(n + chance.random() / 2) / rate for n in range(count)]  # none at another's heels
    return [Question(at, order[n % len(order)], LAST_SYMBOL, 1) for n, at in enumerate(moments)]


def beside(stage: Stage, live: Sequence[Adapter], sizes: Sizes, advance: Advance) -> None:
    """One session is asked alone and among resident ones, which come and go in between."""
    alone, among = list[Sample](), list[Sample]()
    lines = filling.market(stage, 1).take(sizes.context)
    filling.fill(live, "main", lines)
    apart = filling.pace(live, MAIN)
    for turn in range(sizes.rounds):
        schedule = _main(stage, sizes, len(lines), turn, apart)
        alone += _asked(stage, live, schedule, {"context": sizes.context, "residents": 1}, turn)
        for n in range(NEIGHBOURS):
            filling.fill(live, f"n{n}", filling.market(stage, 100 + n).take(sizes.context))
        case: Case = {"context": sizes.context, "residents": 1 + NEIGHBOURS}
        among += _asked(stage, live, schedule, case, turn)
        _drop(live, [f"n{n}" for n in range(NEIGHBOURS)])
        advance("residents")
    _drop(live, ["main"])
    detail = f"{sizes.context:,} cells each"
    target = filling.long(sizes.context, 1.05)
    stage.figure(filling.over(NAME, RESIDENT, among, alone, detail, target=target))


def full_speed(stage: Stage, live: Sequence[Adapter], sizes: Sizes, advance: Advance) -> None:
    """The main session is asked while others always have lines to read; idle in between."""
    idle, busy = list[Sample](), list[Sample]()
    lines = filling.market(stage, 2).take(sizes.context)
    filling.fill(live, "main", lines)
    apart = filling.pace(live, MAIN) + Settings().step_ms / 1e3
    for turn in range(sizes.rounds):
        schedule = _main(stage, sizes, len(lines), turn, apart)
        idle += _asked(stage, live, schedule, {"context": sizes.context, "ingesting": 0}, turn)
        case: Case = {"context": sizes.context, "ingesting": NEIGHBOURS}
        with feeding(stage, live):
            busy += _asked(stage, live, schedule, case, turn)
        advance("full speed")
    stage.figure(bounded(idle, busy))


def _main(stage: Stage, sizes: Sizes, held: int, turn: int, apart: float) -> Schedule:
    """Questions to the main session, at moments that belong to the turn."""
    chance = random.Random(f"main {stage.options.seed} {turn}")
    asked = questions(["main"], chance, 1 / apart, sizes.repeats * apart)
    return Schedule((), tuple(asked), {"main": held})


def _asked(
    stage: Stage, engines: Sequence[Adapter], schedule: Schedule, case: Case, turn: int
) -> list[Sample]:
    runs = [play(schedule, one, NAME, case, turn) for one in engines]
    for found in runs:
        stage.record(found)
    return [sample for found in runs for sample in found.samples]


def _drop(engines: Sequence[Adapter], sessions: Sequence[str]) -> None:
    for engine in engines:
        for session in sessions:
            engine.drop(session)


def bounded(idle: Sequence[Sample], busy: Sequence[Sample]) -> Figure:
    """The slow asks under load over the slow idle ones that had to wait for one step."""
    step = Settings().step_ms / 1e3
    calm = [one.first + step for one in answered(idle)]
    loaded = [one.first for one in answered(busy)]
    if not calm or not loaded:
        return Figure(NAME, BUSY, None, target=1.10, detail=filling.failed(idle, busy))
    p50, p99, most = quantile(loaded, 0.5), quantile(loaded, 0.99), max(loaded)
    detail = (
        f"busy {p50 * 1e3:.1f} / {p99 * 1e3:.1f} / {most * 1e3:.1f} ms p50 / p99 / max, idle p99 "
        f"{(quantile(calm, 0.99) - step) * 1e3:.1f} ms, a step is {step * 1e3:.0f} ms, "
        f"{len(loaded)} asks"
    )
    return filling.figure(NAME, BUSY, shift(loaded, calm, 0.99), detail, target=1.10)


@contextmanager
def feeding(stage: Stage, engines: Sequence[Adapter]) -> Iterator[None]:
    """So many sessions of each engine always have more lines to read; they are gone afterwards."""
    over = threading.Event()
    feeds = [
        (engine, f"feed{n}", filling.market(stage, 200 + n))
        for engine in engines
        for n in range(NEIGHBOURS)
    ]
    failures = list[SticliError]()
    threads = [
        threading.Thread(target=_feed, args=(*feed, over, failures), daemon=True) for feed in feeds
    ]
    for engine, session, _source in feeds:
        engine.open(session)
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
        _drop(engines, [f"feed{n}" for n in range(NEIGHBOURS)])
    if failures:
        raise failures[0]


def _feed(
    engine: Adapter,
    session: str,
    source: Source,
    over: threading.Event,
    failures: list[SticliError],
) -> None:
    """Lines as fast as the engine reads them; the sessions beside it work while this one waits."""
    try:
        while not over.is_set():
            engine.append(session, [source.feed.line() for _ in range(BATCH)])
            engine.settle(session)
    except SticliError as error:
        failures.append(error)
