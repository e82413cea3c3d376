"""Decisions: an answer read off a prepared state beside a decoded one, and how sure it may be.

Two tasks: the state of a service, which the embedded model was trained to tell, on logs of names
that it never saw; and the trend of each chunk of a price, which it was not.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sticli import protocol
from sticli.bench import filling
from sticli.bench.adapters.base import Adapter
from sticli.bench.against import LIVE, by_engine
from sticli.bench.estimate import agreement, level
from sticli.bench.feeds import chunks
from sticli.bench.filling import READY
from sticli.bench.home import daemon
from sticli.bench.player import alternate
from sticli.bench.report import Case, Figure, Sample
from sticli.bench.schedule import Question, Schedule
from sticli.bench.stage import Advance, Stage
from sticli.calibration import truth
from sticli.calibration.curve import Curve, Row
from sticli.calibration.curve import Sample as Decision
from sticli.calibration.replay import Replay
from sticli.client import Client
from sticli.demo.feed import feed
from sticli.form import Form

NAME = "flash"  # the workload whose preset it is
ENGINES = ("ready", "live", "bare", "reuse")
QUICK = ("ready", "live")
GAPS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
CHUNK = 6  # lines of the trend's
SYMBOL = "ACME"
TREND = f"did the price of {SYMBOL} go up or down?"
TOKENS = 8  # of an answer
LINES = 8  # of a log between two points
LIMIT = 4096  # tokens of a session, where the model has so many


@dataclass(frozen=True, slots=True)
class Point:
    """Lines arrive, and then this was right."""

    lines: tuple[str, ...]
    truth: str


@dataclass(frozen=True, slots=True)
class Task:
    """A question with choices, and feeds on which its answers are known."""

    name: str
    text: str
    choices: tuple[str, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    points: int  # of a task, asked of every engine
    feeds: int  # on which the gap is judged
    judged: int  # points of each

    @classmethod
    def of(cls, stage: Stage) -> "Sizes":
        """What the preset takes."""
        if stage.options.quick:
            return cls(10, 1, 40)
        return cls(100, stage.options.rounds or 4, 300)


def run(stage: Stage) -> None:
    """Record both tasks: scan beside decode, then coverage and precision against the gap."""
    sizes = Sizes.of(stage)
    found = tasks(stage.options.seed, sizes.points)
    steps = sum(len(task.points) for task in found) + len(found) * sizes.feeds
    with stage.bar("p3", steps) as advance:
        names = QUICK if stage.options.quick else ENGINES
        with stage.engines(names, filling.cells(stage, LIMIT)) as engines:
            for task in found:
                asked(stage, engines, task, "p3", advance)
        judged(stage, sizes, advance)


def brief(stage: Stage) -> None:
    """Scan beside decode of one task: what the whole workload says of decisions."""
    task = state(stage.options.seed, 12 if stage.options.quick else 50)
    cells = filling.cells(stage, LIMIT)
    with stage.bar("decision", len(task.points)) as advance, stage.engines(QUICK, cells) as engines:
        asked(stage, engines, task, "", advance)


def tasks(seed: int, points: int) -> list[Task]:
    """Both, of feeds of a seed, with at most so many points."""
    return [state(seed, points), trend(seed, points)]


def state(seed: int, points: int) -> Task:
    """The state of one service of a log."""
    made = feed(seed, points * LINES, points)
    ends = [at for at, _ in made.truth]
    begins = [0, *ends][: len(ends)]
    parts = [tuple(made.lines[begin:end]) for begin, end in zip(begins, ends, strict=True)]
    known = [Point(part, right) for part, (_, right) in zip(parts, made.truth, strict=True)]
    return Task("state", made.question, made.choices, tuple(known))


def trend(seed: int, points: int) -> Task:
    """Whether the newest chunk of a price rose."""
    found = itertools.islice(chunks(seed, SYMBOL, CHUNK), points)
    known = tuple(Point(chunk.lines, chunk.truth) for chunk in found)
    return Task("trend", TREND, ("up", "down"), known)


def asked(
    stage: Stage, engines: Sequence[Adapter], task: Task, preset: str, advance: Advance
) -> None:
    """Each point is asked once all that can be done before the question is done."""
    stage.note(
        "decisions: lines are read, and decisions prepared, before a question is put: CPU time, "
        "energy and waiting of that are not in these runs"
    )
    case: Case = {"task": task.name, "tokens": TOKENS}
    if preset:
        case["preset"] = preset
    question = Question(0.0, task.name, task.text, TOKENS, task.choices)
    for engine in engines:
        engine.open(task.name, [question])
    for found in alternate(_schedules(engines, task, question, advance), engines, NAME, case):
        stage.record(found)
    for engine in engines:
        engine.drop(task.name)
    by = by_engine(stage.report, NAME, case)
    for figure in _of_asked(task, by.get(READY, []), by.get(LIVE, [])):
        stage.figure(figure)


def _schedules(
    engines: Sequence[Adapter], task: Task, question: Question, advance: Advance
) -> Iterator[Schedule]:
    """A question a point; its lines have settled in every engine before it is put."""
    held = 0
    for point in task.points:
        held += len(point.lines)
        for engine in engines:
            engine.append(task.name, point.lines)
            engine.settle(task.name)
        yield Schedule((), (question,), {task.name: held})
        advance(f"decisions: {task.name}")


def _of_asked(task: Task, ready: Sequence[Sample], live: Sequence[Sample]) -> Iterator[Figure]:
    """Of what was read off and what was decoded, apart."""
    pairs = list(zip(ready, live, strict=True)) if ready and live else []
    sure = [pair for pair in pairs if pair[0].source == "ready"]
    others = [pair for pair in pairs if pair[0].source == "live"]
    share = f"{len(sure)} of {len(pairs)} were sure"
    for what, chosen in (("read off", sure), ("decoded from", others)):
        name = f"{task.name}: {what} a prepared decision, over decoding live"
        yield _over(name, chosen, share)
    times = [ours.first * 1e3 for ours, _ in sure]
    for place, q in (("p50", 0.5), ("p99", 0.99)):
        name = f"{task.name}: read off a prepared decision: {place}"
        if times:
            yield filling.figure(NAME, name, level(times, q), share, unit="ms")
    yield _differing(f"{task.name}: decisions read off that differ from the decoded answer", sure)


def _over(name: str, pairs: Sequence[tuple[Sample, Sample]], share: str) -> Figure:
    if not pairs:
        return Figure(NAME, name, None, detail=f"no answer: {share}")
    ours, theirs = zip(*pairs, strict=True)
    return filling.over(NAME, name, ours, theirs, share)


def _differing(name: str, pairs: Sequence[tuple[Sample, Sample]]) -> Figure:
    """How many answers that were read off are not those that decoding gives."""
    both = agreement([ours for ours, _ in pairs], [theirs for _, theirs in pairs])
    if not both.compared:
        return Figure(NAME, name, None, "", 0.0, detail="none was read off")
    differ = float(both.compared - both.equal)
    return Figure(NAME, name, differ, "", 0.0, detail=f"of {both.compared}")


def judged(stage: Stage, sizes: Sizes, advance: Advance) -> None:
    """Coverage and precision at every gap, on feeds that no other part of this run saw."""
    if stage.model.synthetic:
        stage.note("The gap of decisions is not judged: random weights are right by chance.")
        return
    found: dict[str, list[Decision]] = {}
    cells = filling.cells(stage, LIMIT)
    with daemon(str(stage.model.path), response_cache="0") as client:
        for turn in range(sizes.feeds):
            for task in tasks(1000 * stage.options.seed + turn, sizes.judged):
                found.setdefault(task.name, []).extend(decided(client, task, cells))
                advance(f"the gap: {task.name}")
    for name, decisions in found.items():
        for row in Curve(decisions).rows(GAPS):
            for figure in of_row(name, row):
                stage.figure(figure)


def decided(client: Client, task: Task, cells: int) -> list[Decision]:
    """What was decided at every point, with what lead, by the daemon itself."""
    source = client.new(protocol.NewSession(task.name, limit=cells))
    for point in task.points:
        client.append(task.name, protocol.Append(list(point.lines)))
    request = protocol.NewFlash(task.text, id="it", form=Form(choices=list(task.choices)))
    standing = client.add_flash(task.name, request)
    ends = itertools.accumulate(len(point.lines) for point in task.points)
    known = [truth.Point(end, one.truth) for end, one in zip(ends, task.points, strict=True)]
    with Replay(client.again, source, standing) as replay:
        found = [sample for _, sample in replay.run(truth.Truth("line", known))]
    client.remove(task.name)
    return found


def of_row(name: str, row: Row) -> Iterator[Figure]:
    """The shares of a gap, in percent, with their Wilson intervals."""
    shares = (("coverage", row.covered, row.of), ("precision", row.right, row.covered))
    for what, hits, of in shares:
        title = f"{name}: {what} at gap {row.gap:g}"
        if not of:
            yield Figure(NAME, title, None, "%", detail="no point is covered")
            continue
        share = filling.share(hits, of)
        counts = f"{hits:,} of {of:,} points"
        yield filling.figure(NAME, title, share, counts, unit="%", least=True)
