"""A session that grows alike in every engine under test: lines arrive, then a question comes."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sticli.bench.adapters.base import NAMES, Adapter
from sticli.bench.feeds import Source
from sticli.bench.player import HUNG, alternate, each
from sticli.bench.prompt import Prompter
from sticli.bench.report import Case, Run
from sticli.bench.schedule import Question, Schedule, spread
from sticli.bench.stage import Stage
from sticli.daemon.worker.sessions import RESERVE
from sticli.daemon.worker.window import HIGH
from sticli.errors import SticliError

BEATS = 10  # batches a second, where lines come faster than that
LONGEST = 32  # tokens of a line, by which a session may pass what it was planned to hold


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast lines come, and in what batches."""

    rate: float  # lines a second

    @property
    def batch(self) -> int:
        """Lines that come at once."""
        return max(1, round(self.rate / BEATS))

    @property
    def beat(self) -> float:
        """Seconds between two batches."""
        return self.batch / self.rate

    def __str__(self) -> str:
        return f"{self.rate:g} lines a second, {self.batch} at once"


class Growth:
    """One session at a time; it is the same one in all engines."""

    def __init__(
        self, engines: Sequence[Adapter], source: Source, pace: Pace, text: str, max_tokens: int
    ) -> None:
        self.engines = {engine.name: engine for engine in engines}  # without those that hang
        self._source = source
        self._pace = pace
        self._question = Question(0.0, "", text, max_tokens)
        self._last = Schedule((), ())
        self._session = ""

    def begin(self, session: str, tokens: int) -> None:
        """A new session with lines of so many tokens, asked once: whoever can cache has done so."""
        self.end()
        lines = self._source.take(tokens)
        self._session, self._last = session, Schedule((), (), {session: len(lines)})
        question = replace(self._question, session=session)
        each(self.engines, lambda engine: _begun(engine, question, lines))

    def stretch(self, tokens: int) -> Schedule:
        """Lines of so many tokens arrive; the question is due when the next batch would be."""
        lines, pace = self._source.take(tokens), self._pace
        arrivals = spread(self._session, lines, pace.batch, pace.rate)
        question = replace(
            self._question,
            at=len(arrivals) * pace.beat,
            session=self._session,
            truth=self._source.feed.truth(self._question.text),
        )
        self._last = self._last.next(arrivals, [question])
        return self._last

    def end(self) -> None:
        """The session goes, where there is one."""
        if session := self._session:
            each(self.engines, lambda engine: engine.drop(session))
        self._session = ""


def _begun(engine: Adapter, question: Question, lines: Sequence[str]) -> None:
    """A new session of an engine, filled and asked once."""
    engine.open(question.session, [question])
    engine.append(question.session, lines)
    engine.settle(question.session)
    if engine.name == NAMES["stateless"]:
        return  # it keeps nothing, and a large prompt takes it long
    with suppress(SticliError):  # the questions that count will say it too
        engine.ask(question.session, question)


def grown(growth: Growth, name: str, tokens: int, delta: int, count: int) -> Iterator[Schedule]:
    """`count` stretches of `delta` tokens, of one session that begins with `tokens`."""
    growth.begin(name, tokens)
    for _ in range(count):
        yield growth.stretch(delta)
    growth.end()


def held(prompter: Prompter, context: int) -> int:
    """Tokens of lines that make a prompt of `context` tokens, without the question."""
    return context - len(prompter.frame.prefix)


def limit(prompter: Prompter, tokens: int) -> int:
    """Cells of a session whose window does not move while its lines have so many tokens."""
    cells = math.ceil((tokens + LONGEST) / HIGH) + len(prompter.frame.prefix)
    return cells + min(RESERVE, math.ceil(cells / 7))


def contest(
    stage: Stage, growth: Growth, workload: str, case: Case, schedules: Iterable[Schedule]
) -> Iterator[Run]:
    """The runs of each engine over each schedule, recorded as they come."""
    for run in alternate(schedules, list(growth.engines.values()), workload, case):
        if HUNG in run.facts:
            growth.engines.pop(run.engine, None)
        stage.record(run)
        yield run
