"""The heartbeat: receive, plan, run, settle. One thread, one screen."""

import logging
import math
from collections.abc import Callable

from sticli.daemon import messages
from sticli.daemon.engines.base import Engine, Plan, Scores
from sticli.daemon.engines.scores import HostScores
from sticli.daemon.worker.desk import Desk
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.replay import Replay
from sticli.daemon.worker.scheduler import Scheduler
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.step import Job, Step
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.usage import INTERVAL, Usage
from sticli.errors import SticliError, failed

log = logging.getLogger(__name__)

# waits at most so many seconds (None: for ever); a message and when it arrived
Receive = Callable[[float | None], tuple[messages.Inbound, float] | None]


class Loop:
    """Beats until Stop; sleeps in `receive` when there is nothing to do."""

    def __init__(
        self,
        engine: Engine,
        desk: Desk,
        scheduler: Scheduler,
        usage: Usage,
        receive: Receive,
        send: Callable[[messages.Outbound], None],
        clock: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._desk = desk
        self._scheduler = scheduler
        self._usage = usage
        self._receive = receive
        self._send = send
        self._clock = clock
        self._busy = False
        self._looked = clock()  # everything that was due then has been looked at
        self._reported = clock() - INTERVAL

    def run(self) -> None:
        """Serve until the front says Stop."""
        while self.beat() and not self._rests():
            pass
        self._desk.stop()

    def _rests(self) -> bool:
        """Whether it was told to leave once there is nothing to do, and there is nothing."""
        return self._desk.resting and not self._busy and self._due() is None

    def beat(self) -> bool:
        """One round; False after Stop."""
        self._take()
        if self._desk.stopped:
            return False
        self._looked = now = self._clock()
        self._desk.slide.prepare(now)
        more = self._desk.rebase.prepare(now)
        self._desk.ladder.serve(now)
        self._desk.ladder.rest(now)
        self._desk.questions.admit(now)
        step = self._overdue(now) or self._scheduler.pressing()
        more |= self._caught_up(now)
        step = step or self._background(now)
        if step is not None:
            self._step(step)
        more |= self._desk.ladder.stirred() | self._desk.questions.stirred()
        more |= step is not None or self._desk.slide.due()
        self._busy = more or self._desk.upkeep.save(now, at_once=self._desk.resting)
        self._report(now)
        return True

    def _take(self) -> None:
        found = self._receive(0.0 if self._busy else self._patience())
        while found is not None:
            message, at = found
            if isinstance(message, messages.Ask):
                self._usage.stalls.add(self._clock() - at)
            self._desk.take(message, at)
            found = None if self._desk.stopped else self._receive(0.0)

    def _patience(self) -> float | None:
        """Seconds until something is due by itself; None: nothing is.

        What was due when the worker last looked, and did not happen, waits for something else.
        """
        rests = None if self._desk.resting else self._desk.ladder.rests(self._looked)
        first = min((due for due in (self._due(), rests) if due is not None), default=None)
        return None if first is None else max(0.0, first - self._clock())

    def _due(self) -> float | None:
        """When the next work is due by itself."""
        report = self._reported + INTERVAL if self._usage.changed else None
        opens = self._scheduler.allowance.opens(self._looked)
        shut = math.inf if opens is None else opens
        dues = (
            self._desk.questions.next_due(shut),
            opens if self._flash_due() <= shut else None,
            self._desk.upkeep.due(),
            report,
        )
        return min((due for due in dues if due is not None and due > self._looked), default=None)

    def _flash_due(self) -> float:
        """When a standing question is due, or was when it began to run."""
        due = self._desk.questions.flash.next_due()
        return -math.inf if self._scheduler.standing else math.inf if due is None else due

    def _caught_up(self, now: float) -> bool:
        """Whether sessions turn out to have nothing more to compute: others may wait for that,
        and where it took no step, nothing else makes them look again."""
        found = self._scheduler.caught_up()
        for session in found:
            self._desk.progress(session, now)
        return bool(found)

    def _overdue(self, now: float) -> Step | None:
        """The pass that standing questions have earned while lines went on."""
        if not self._scheduler.overdue:
            return None
        self._evaluate(now)
        step = self._scheduler.unasked(now)
        if step is None:
            self._scheduler.arrears.forgive()
        return step

    def _background(self, now: float) -> Step | None:
        """The next step for what can wait; flash questions join it."""
        if deferred := self._scheduler.allowance.deferred(self._flash_due(), now):
            self._usage.count("flash_deferred_s", deferred)
        self._evaluate(now)
        return self._scheduler.background(now)

    def _evaluate(self, now: float) -> None:
        """Start the standing questions that are due, while they are allowed time."""
        if self._scheduler.allowance.open(now):
            self._desk.questions.evaluate(now)

    def _step(self, step: Step) -> None:
        began = self._clock()
        results = self._compute(step)
        now = self._clock()
        pairs = list(zip(step.jobs, results, strict=True))
        # Scores last until the next pass, and to move a session takes one: questions first.
        pairs.sort(key=lambda pair: not isinstance(pair[0].lane, Question))
        for job, result in pairs:
            if isinstance(job.lane, Question):
                job.lane.device_s += (now - began) * job.count / step.tokens
            self._settle(job, result, now)
        self._scheduler.settle(step, now - began, now)
        self._usage.step(step, now - began)

    def _compute(self, step: Step) -> list[Scores | Exception | None]:
        """What each row computed; where a pass fails, each row runs alone to find whose fault."""
        try:
            return list(self._engine.run(step.plan).scores)
        except Exception:
            log.exception("a pass of %d rows failed", len(step.jobs))
        return [self._alone(job) for job in step.jobs]

    def _alone(self, job: Job) -> Scores | Exception | None:
        try:
            (scores,) = self._engine.run(Plan((job.row,))).scores
            # the pass of the next row outdates them
            return None if scores is None else HostScores(scores.read())
        except Exception as error:  # noqa: BLE001  told and logged by `_settle`
            return error

    def _settle(self, job: Job, result: Scores | Exception | None, now: float) -> None:
        """Hand a row's result to whom it concerns; a failure ends that one and nobody else."""
        desk, lane = self._desk, job.lane
        try:
            if isinstance(result, Exception):
                raise result
            if isinstance(lane, Session):
                desk.advance(lane, job.count, now)
            elif isinstance(lane, Successor):
                desk.rebase.advance(lane, job.count, now)
            elif isinstance(lane, Replay):
                desk.ladder.advance(lane, job.count, now)
            elif desk.questions.runs(lane):  # its session may have failed in this very pass
                desk.questions.advance(lane, job.count, result, now)
        except SticliError as error:  # of the asker's making
            desk.fail(lane, error)
        except Exception as error:
            log.exception("a row of session %s failed", _session(job).name)
            desk.fail(lane, failed("the computation failed", error))

    def _report(self, now: float) -> None:
        """Send the counters, at most every so often."""
        questions = self._desk.questions
        self._usage.show("asks_waiting", questions.waiting)
        self._usage.show("asks_running", questions.running)
        if self._usage.changed and now >= self._reported + INTERVAL:
            self._usage.show("cells_ready", questions.prepared_everywhere)
            self._reported, self._usage.changed = now, False
            self._send(
                messages.Usage(self._engine.reserved, self._engine.used, self._usage.report())
            )


def _session(job: Job) -> Session:
    return job.lane if isinstance(job.lane, Session) else job.lane.session
