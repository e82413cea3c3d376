"""Plays a schedule to an engine, in real time and open loop: a slow engine lets questions queue."""

import math
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from sticli.bench.adapters.base import Adapter, Reply
from sticli.bench.consumption import Meter
from sticli.bench.report import Case, Run, Sample, Usage
from sticli.bench.schedule import Arrival, Question, Schedule
from sticli.errors import SticliError

PATIENCE = 1800.0  # seconds without a sign of life after which an engine hangs
LEAD = 0.02  # seconds in which the threads come up
HUNG = "hung"  # in the facts of a run: 1 where it was given up
GONE = ("unreachable", "timeout")  # codes of errors after which an engine is put nothing more

T = TypeVar("T", Arrival, Question)


def alternate(
    schedules: Iterable[Schedule],
    adapters: Sequence[Adapter],
    workload: str,
    case: Case,
    patience: float = PATIENCE,
) -> Iterator[Run]:
    """Runs of each schedule on every engine before the next one; who begins changes by round.

    An engine that hangs or dies is put no further question; its runs go on, as errors.
    """
    hung: set[str] = set()
    for round, schedule in enumerate(schedules):
        turn = round % max(1, len(adapters))
        for adapter in [*adapters[turn:], *adapters[:turn]]:
            if adapter.name in hung:
                why = "given up in an earlier round"
                yield absent(schedule, adapter, workload, case, round, why)
                continue
            run = play(schedule, adapter, workload, case, round, patience)
            if HUNG in run.facts:
                hung.add(adapter.name)
            yield run


def play(
    schedule: Schedule,
    adapter: Adapter,
    workload: str,
    case: Case,
    round: int,
    patience: float = PATIENCE,
) -> Run:
    """The run of an engine whose sessions are open and hold `schedule.held` lines.

    An engine from which nothing comes for `patience` seconds is given up; the questions that are
    left become errors. So does one that is gone before it begins.
    """
    try:
        meter = Meter(adapter.processes())
    except SticliError as error:
        return absent(schedule, adapter, workload, case, round, str(error))
    stage = _Play(schedule, adapter)
    hung = not stage.finish(patience)
    usage = meter.usage()
    lag = None if hung else stage.lag()
    facts = {HUNG: 1.0} if hung else {}
    return Run(workload, case, adapter.name, round, stage.samples(), usage, lag, facts)


def absent(
    schedule: Schedule, adapter: Adapter, workload: str, case: Case, round: int, why: str
) -> Run:
    """The run of an engine that takes no part in it any more."""
    samples = [Sample(one.session, one.text, error=why) for one in schedule.questions]
    return Run(workload, case, adapter.name, round, samples, Usage(0.0), None, {HUNG: 1.0})


def each(engines: dict[str, Adapter], action: Callable[[Adapter], None]) -> None:
    """Between two runs, do something with every engine; one that is gone is taken out.

    Its next run says why. The others have done nothing wrong, and go on.

    Raises:
        SticliError: another failure.
    """
    for name, engine in list(engines.items()):
        try:
            action(engine)
        except SticliError as error:
            if error.code not in GONE:
                raise
            del engines[name]


class _Play:
    """The threads of one run, and what they find; indices are places in the schedule."""

    def __init__(self, schedule: Schedule, adapter: Adapter) -> None:
        self._schedule = schedule
        self._adapter = adapter
        self._feeds = {session: schedule.feed(session) for session in schedule.sessions}
        self._samples: dict[int, Sample] = {}
        self._put: dict[int, float] = {}  # arrival → the time that its lag counts from
        self._failures: dict[str, SticliError] = {}  # of sessions that take no more lines
        self._crashes: list[Exception] = []
        self._stop = threading.Event()
        self._news = threading.Condition()  # lines were taken, or never will be
        self._begin = time.perf_counter() + LEAD

    def finish(self, patience: float) -> bool:
        """Play all of it, and wait until the engine has done all its work; False: it hangs.

        Raises:
            Exception: a fault of the adapter or of the schedule.
        """
        try:
            done = self._together([self._append, self._ask], patience)
            done = done and self._together([self._settle], patience) and not self._stop.is_set()
        finally:
            self._stop.set()
            self._tell()
        if self._crashes:
            raise self._crashes[0]
        return done

    def samples(self) -> list[Sample]:
        """One of each question of the schedule."""
        lost = "no answer: the engine hangs"
        return [
            self._samples.get(index) or Sample(one.session, one.text, error=lost)
            for index, one in enumerate(self._schedule.questions)
        ]

    def lag(self) -> list[float] | None:
        """Of each arrival that was taken, in order; None where the engine has no cache."""
        grown = {session: self._adapter.settled(session) for session in self._feeds}
        found = []
        for index, begun in sorted(self._put.items()):
            session = self._schedule.arrivals[index].session
            if (cache := grown[session]) is None:
                return None
            place = bisect_left(cache, self._feeds[session].after[index], key=lambda one: one[0])
            found += [cache[place][1] - begun] if place < len(cache) else []
        return found

    def _append(self, session: str) -> None:
        for index, arrival, late in self._paced(self._schedule.arrivals, session):
            begun = self._begin + arrival.at if late else time.perf_counter()
            try:
                self._adapter.append(session, arrival.lines)
            except SticliError as error:
                self._failures[session] = self._failed(error)
                return
            else:
                self._put[index] = begun
            finally:
                self._tell()

    def _ask(self, session: str) -> None:
        for index, question, late in self._paced(self._schedule.questions, session):
            try:
                if session in self._failures:
                    raise self._failures[session]
                came = self._taken(question) if question.complete else None
                reply = self._adapter.ask(session, question)
            except SticliError as error:
                failure = str(self._failed(error))
                self._samples[index] = Sample(session, question.text, error=failure)
            else:
                start = came or (self._begin + question.at if late else reply.asked)
                self._samples[index] = self._sample(question, reply, start)

    def _taken(self, question: Question) -> float:
        """Wait until the engine has taken all lines due by then; returns when the last came.

        Raises:
            SticliError: the session takes no more lines.
        """
        session, due = question.session, self._begin + question.at
        arrivals = enumerate(self._schedule.arrivals)
        needed = {n for n, one in arrivals if one.session == session and one.at <= question.at}
        with self._news:
            self._news.wait_for(
                lambda: (
                    self._put.keys() >= needed or session in self._failures or self._stop.is_set()
                )
            )
        if not self._put.keys() >= needed:
            raise self._failures.get(session) or SticliError(
                "internal", "the run was broken off", "run the bench again"
            )
        return max([due, *(self._put[n] for n in needed)])

    def _tell(self) -> None:
        with self._news:
            self._news.notify_all()

    def _settle(self, session: str) -> None:
        if session in self._failures or self._stop.is_set():
            return
        try:
            self._adapter.settle(session)
        except SticliError:  # whoever cannot end its work will not begin other
            self._stop.set()

    def _failed(self, error: SticliError) -> SticliError:
        """The same; an engine that lets its client wait in vain is put nothing more."""
        if error.code == "timeout":
            self._stop.set()
        return error

    def _sample(self, question: Question, reply: Reply, start: float) -> Sample:
        unseen, stale = self._feeds[question.session].missed(reply.lines, reply.first - self._begin)
        return Sample(
            question.session,
            question.text,
            reply.text,
            reply.source,
            reply.first - start,
            reply.last - start,
            reply.stall,
            reply.prompt,
            reply.computed,
            reply.tokens,
            reply.lines,
            unseen,
            stale,
        )

    def _paced(self, items: Sequence[T], session: str) -> Iterator[tuple[int, T, bool]]:
        """Those of a session, each when it is due; True: the engine was busy with the one before.

        Who wakes late without that blames itself, not the engine.
        """
        free = -math.inf
        for index, item in enumerate(items):
            if item.session != session:
                continue
            due = self._begin + item.at
            if self._stop.wait(max(0.0, due - time.perf_counter())):
                return
            yield index, item, free > due
            free = time.perf_counter()

    def _together(self, jobs: Sequence[Callable[[str], None]], patience: float) -> bool:
        """Run the jobs of every session, each in a thread; False: the engine hangs in one."""
        threads = [
            threading.Thread(target=self._guarded, args=(job, session), daemon=True)
            for session in self._feeds
            for job in jobs
        ]
        for thread in threads:
            thread.start()
        return all(self._ended(thread, patience) for thread in threads)

    def _guarded(self, job: Callable[[str], None], session: str) -> None:
        try:
            job(session)
        except Exception as error:  # noqa: BLE001  `finish` raises it
            self._crashes.append(error)
            self._stop.set()
            self._tell()

    def _ended(self, thread: threading.Thread, patience: float) -> bool:
        """Wait for a thread as long as anything comes from the engine."""
        last = self._begin + self._schedule.seconds
        while thread.is_alive():
            seen = len(self._samples) + len(self._put)
            thread.join(max(0.0, last - time.perf_counter()) + patience)
            if thread.is_alive() and seen == len(self._samples) + len(self._put):
                return False
        return True
