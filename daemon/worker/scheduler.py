"""Which rows the next pass computes. Pure: no tensors, no clock, no threads.

Classes in order: ask > ingest > flash > upkeep, which fills the windows that come next. Snapshots
are the loop's, when there is no step at all.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal, TypeVar

from sticli.daemon.engines.base import Plan, Row
from sticli.daemon.worker import cost
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.successor import Successor

LEAST = 4  # tokens: even where the model of cost says that none fits
SHARE = 1 / 16  # of the time of asks that ingest gets while they go on
AMORTISED = 2.0  # a step may last this many times its fixed cost, whatever its limit
ALONE = 4.0  # times the limit that the tail of a lone ask may take: nobody waits for it

Class = Literal["ask", "ingest", "flash", "upkeep"]
Lane = Question | Session | Successor
T = TypeVar("T")


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
    """A plan in the making: its jobs, and the seconds and tokens that it has left."""

    def __init__(self, model: cost.Cost, seconds: float, chunk: int) -> None:
        self.jobs: list[Job] = []
        self.seconds = seconds
        self._model = model
        self._tokens = chunk

    def fits(self, lane: Lane) -> int:
        """Tokens of `lane` for which there is time; the first chunk is never too small."""
        found = self._model.fits(lane.length, self.seconds)
        return min(self._tokens, found if self.jobs else max(found, LEAST))

    def add(self, lane: Lane, most: int) -> None:
        """Plan up to `most` tokens of `lane`, if it has any."""
        count = lane.waiting(most) if most > 0 else 0
        if count:
            assert lane.seq is not None, "a window that has not begun is not scheduled"
            row = Row(lane.seq, lane.take(count), lane.length, lane.wants(count))
            self.jobs.append(Job(lane, count, row))
            self.seconds -= self._model.marginal(lane.length, count)
            self._tokens -= count


class Scheduler:
    """Decides the rows; `step_s` bounds a pass, so that an ask never waits longer than one."""

    def __init__(self, step_s: float, chunk: int) -> None:
        self.asks: list[Question] = []
        self.sessions: deque[Session] = deque()  # those behind; the next in turn first
        self.flashes: deque[Question] = deque()
        self.successors: deque[Successor] = deque()  # windows that have begun
        self.cost = cost.Cost()
        self._step_s = step_s
        self._chunk = chunk
        self._credit = 0.0  # seconds that ingest has earned while asks went on

    def behind(self, session: Session) -> None:
        """`session` has lines to compute."""
        if session not in self.sessions:
            self.sessions.append(session)

    def close(self, session: Session) -> None:
        """Forget a session; its questions end by themselves."""
        if session in self.sessions:
            self.sessions.remove(session)
        if session.next is not None and session.next in self.successors:
            self.successors.remove(session.next)

    def start(self, question: Question) -> None:
        self._queue(question).append(question)

    def end(self, question: Question) -> None:
        self._queue(question).remove(question)

    def _queue(self, question: Question) -> list[Question] | deque[Question]:
        return self.asks if question.source == "ask" else self.flashes

    def next(self) -> Step | None:
        """The next pass; None when there is nothing to compute."""
        if self.asks:
            return self._step("ask", self._asks() + self._share())
        self._credit = 0.0
        return (
            self._step("ingest", self._ingest(self._seconds()).jobs)
            or self._step("flash", self._flash())
            or self._step("upkeep", self._upkeep())
        )

    def _step(self, kind: Class, jobs: list[Job]) -> Step | None:
        return Step(kind, tuple(jobs)) if jobs else None

    def _seconds(self) -> float:
        """What a pass may cost beyond its fixed part."""
        return max(self._step_s, AMORTISED * self.cost.fixed) - self.cost.fixed

    def _asks(self) -> list[Job]:
        """A row for every decoding ask, then tails as time allows, first come first."""
        patience = ALONE if len(self.asks) == 1 else 1.0
        draft = Draft(self.cost, patience * self._seconds(), self._chunk)
        for ask in self.asks:
            if ask.decoding:
                draft.add(ask, 1)
        for ask in self.asks:
            if not ask.decoding:
                draft.add(ask, draft.fits(ask))
        return draft.jobs

    def _share(self) -> list[Job]:
        """What ingest has earned while asks went on, so that it never starves."""
        if self._credit < self._step_s / 4:
            return []
        draft = self._ingest(self._credit)
        self._credit = draft.seconds
        return draft.jobs

    def _ingest(self, seconds: float) -> Draft:
        """Chunks of the sessions that are behind, round robin."""
        draft = Draft(self.cost, seconds, self._chunk)
        for session in self.sessions:
            lane = session.lane()
            most = draft.fits(lane)
            if most <= 0:
                break
            draft.add(lane, most)
        return draft

    def _flash(self) -> list[Job]:
        """Tails first, so that questions forked together also decode together."""
        draft = Draft(self.cost, self._seconds(), self._chunk)
        tails = [question for question in self.flashes if not question.decoding]
        for question in tails or self.flashes:
            draft.add(question, draft.fits(question))
        return draft.jobs

    def _upkeep(self) -> list[Job]:
        """Chunks of the windows that come next, one window after the other."""
        draft = Draft(self.cost, self._seconds(), self._chunk)
        for successor in self.successors:
            draft.add(successor, draft.fits(successor))
        return draft.jobs

    def settle(self, step: Step, seconds: float) -> None:
        """Learn what a pass cost, and put whom it served behind the others."""
        self.cost.observe(step.tokens, step.pairs, seconds)
        if step.kind == "ask" and self.sessions:
            self._credit = min(self._credit + SHARE * seconds, self._step_s)
        for job in step.jobs:
            lane = job.lane
            if isinstance(lane, Question):
                _rotate(self.flashes, lane)
            else:
                _rotate(self.sessions, lane if isinstance(lane, Session) else lane.session)

    def caught_up(self) -> list[Session]:
        """Takes the sessions that have nothing more to compute out of the queue."""
        found = [session for session in self.sessions if not session.behind]
        for session in found:
            self.sessions.remove(session)
        return found


def _rotate(queue: deque[T], item: T) -> None:
    """Put an item that was served behind the others."""
    if item in queue:
        queue.remove(item)
        queue.append(item)
