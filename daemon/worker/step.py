"""One pass of the engine: the rows that it computes, and how it is put together."""

from dataclasses import dataclass
from typing import Literal

from sticli.daemon.engines.base import Plan, Row
from sticli.daemon.worker import cost
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.replay import Replay
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.successor import Successor

LEAST = 4  # tokens: even where the model of cost says that none fits

Class = Literal["ask", "ingest", "flash", "ready", "upkeep"]
CLASSES: tuple[Class, ...] = ("ask", "ingest", "flash", "ready", "upkeep")
Lane = Question | Session | Successor | Replay


@dataclass(frozen=True, slots=True)
class Job:
    """One row of a plan: `count` tokens of `lane`."""

    lane: Lane
    count: int
    row: Row


@dataclass(frozen=True, slots=True)
class Step:
    """One pass, row by row whom it serves; `kind` is its most urgent class."""

    kind: Class
    jobs: tuple[Job, ...]
    families: int = 1  # of sequences, among which an engine may have to compute one by one

    @property
    def plan(self) -> Plan:
        return Plan(tuple(job.row for job in self.jobs))

    @property
    def tokens(self) -> int:
        return sum(job.count for job in self.jobs)

    @property
    def pairs(self) -> float:
        return sum(cost.pairs(job.row.start, job.count) for job in self.jobs)


class Draft:
    """A plan in the making: tokens by lane, and the seconds and tokens that it has left."""

    def __init__(self, model: cost.Cost, seconds: float, chunk: int) -> None:
        self.counts: dict[Lane, int] = {}
        self.seconds = seconds
        self.full = False  # somebody's tokens found no room
        self._model = model
        self._tokens = chunk
        self._least = LEAST
        self._families: set[Lane] = set()

    def grant(self, seconds: float) -> None:
        """Give what follows `seconds` of its own; its first chunk is never too small."""
        self.seconds, self.full, self._least = seconds, False, LEAST

    def fits(self, lane: Lane) -> int:
        """More tokens of `lane` for which there is time."""
        start = lane.length + self.counts.get(lane, 0)
        found = self._model.fits(start, self.seconds - self._entry(lane))
        return min(self._tokens, max(found, self._least))

    def add(self, lane: Lane, most: int) -> int:
        """Plan up to `most` more tokens of `lane`; returns how many there were and fitted."""
        if self.full or lane.seq is None:
            return 0
        have = self.counts.get(lane, 0)
        waiting = lane.waiting(have + most) - have
        if waiting <= 0:
            return 0
        count = min(waiting, self.fits(lane))
        self.full = count < waiting
        if count > 0:
            self.seconds -= self._entry(lane) + self._model.marginal(lane.length + have, count)
            self._families.add(_family(lane))
            self.counts[lane] = have + count
            self._tokens -= count
            self._least = 0
        return max(count, 0)

    def _entry(self, lane: Lane) -> float:
        """Seconds that the first tokens of a family cost beyond their own."""
        return 0.0 if _family(lane) in self._families else self._model.family

    def step(self, kind: Class) -> Step | None:
        """The pass as planned; None when nothing was."""
        jobs = tuple(_job(lane, count) for lane, count in self.counts.items())
        return Step(kind, jobs, len(self._families)) if jobs else None


def _job(lane: Lane, count: int) -> Job:
    assert lane.seq is not None, "nothing is planned without a sequence"
    return Job(lane, count, Row(lane.seq, lane.take(count), lane.length, lane.wants(count)))


def _family(lane: Lane) -> Lane:
    """Whose cells a lane shares: a question those of its session."""
    return lane.session if isinstance(lane, Question) else lane
