"""Which rows the next pass computes. Pure: no tensors, no clock, no threads.

Classes in order: ask > ingest > flash > ready > upkeep, which fills the windows that come next.
Under a class that never rests, ingest and standing questions each have a small share of its time.
Snapshots are the loop's, when there is no step at all.
"""

from collections.abc import Sequence

from sticli.daemon.worker import cost
from sticli.daemon.worker.allowance import MINUTE, Allowance
from sticli.daemon.worker.arrears import Arrears
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.sessions import Session
from sticli.daemon.worker.step import Class, Draft, Lane, Step
from sticli.daemon.worker.successor import Successor
from sticli.daemon.worker.turns import Turns

QUANTUM = 128  # tokens of a session's lines in one turn: large chunks compute better
MORSEL = 16  # tokens of a session's questions in one turn: all of them are in every step
SHARE = 1 / 16  # of the time of asks that ingest gets while they go on
AMORTISED = 2.0  # a step may last this many times its fixed cost, whatever its limit
GROUPED = 3.0  # the same for questions that nobody waits for: to split their group costs most
ALONE = 4.0  # times the limit that the tail of a lone ask may take: nobody waits for it
DRAFTED = 16  # guesses of a question in one pass, at most


class Scheduler:
    """Decides the rows; `step_s` bounds a pass, so that an ask never waits longer than one.

    Only what has cells on the device stands in its queues.
    """

    def __init__(
        self,
        step_s: float,
        chunk: int,
        *,
        speculate_below: int = 0,
        flash_s: float = MINUTE,
    ) -> None:
        self.asks: Turns[Question] = Turns(MORSEL, _answers_first)
        self.sessions: Turns[Session] = Turns(QUANTUM, _lanes)  # those behind
        self.flashes: Turns[Question] = Turns(MORSEL, _together)
        self.readies: Turns[Question] = Turns(MORSEL, _together)
        self.successors: Turns[Successor] = Turns(QUANTUM)  # windows that have begun
        self.cost = cost.Cost()
        self._margin = cost.Margin()
        self.allowance = Allowance(flash_s)
        self.arrears = Arrears(step_s)
        self._queues = {"ask": self.asks, "flash": self.flashes, "ready": self.readies}
        self._step_s = step_s
        self._chunk = chunk
        self._speculate_below = speculate_below
        self._credit = 0.0  # seconds that ingest has earned while asks went on
        self._urgent: list[Session] = []

    def behind(self, session: Session) -> None:
        """`session` has lines to compute."""
        if session not in self.sessions:
            self.sessions.append(session)

    def urgent(self, session: Session) -> None:
        """An ask waits for the lines of `session`: they go first in the next step."""
        self._urgent.append(session)

    def close(self, session: Session) -> None:
        """Forget a session; its questions end by themselves."""
        if session in self.sessions:
            self.sessions.remove(session)
        if session.next is not None and session.next in self.successors:
            self.successors.remove(session.next)
        self._urgent = [item for item in self._urgent if item is not session]

    def start(self, question: Question) -> None:
        self._queues[question.source].append(question)

    def end(self, question: Question) -> None:
        """Forget a question, if it is known."""
        queue = self._queues[question.source]
        if question in queue:
            queue.remove(question)

    @property
    def standing(self) -> bool:
        """Whether standing questions run."""
        return bool(self.flashes or self.readies)

    @property
    def overdue(self) -> bool:
        """Whether standing questions have earned the next pass: no ask waits for it."""
        return self.arrears.due and not self.asks and not self._urgent

    def next(self, now: float = 0.0) -> Step | None:
        """The next pass; None when there is nothing to compute."""
        return self.pressing() or self.background(now)

    def pressing(self) -> Step | None:
        """The next pass for asks and lines."""
        urgent, self._urgent = self._urgent, []
        draft = self._draft()
        if self.asks:
            self._asks(draft, urgent)
            if draft.counts:
                return draft.step("ask")
        self._credit = 0.0
        self._ingest(draft, urgent)
        return draft.step("ingest")

    def background(self, now: float) -> Step | None:
        """The next pass for what can wait; flash and ready only while they are allowed time."""
        return self.unasked(now) or self._upkeep()

    def unasked(self, now: float) -> Step | None:
        """The next pass for standing questions."""
        return self._answers("flash", self.flashes, now) or self._answers(
            "ready", self.readies, now
        )

    def _draft(self, amortised: float = AMORTISED) -> Draft:
        """A plan with the time that a pass may take beyond its fixed part."""
        least = amortised * (self.cost.fixed + self.cost.family)
        seconds = max(self._step_s / self._margin.factor, least) - self.cost.fixed
        return Draft(self.cost, seconds, self._chunk)

    def _asks(self, draft: Draft, urgent: Sequence[Session]) -> None:
        """Asks, then the lines that others wait for; guesses where time is left."""
        if len(self.asks) == 1 and not urgent:
            draft.grant(ALONE * draft.seconds)
        self.asks.fill(draft)
        for session in urgent:
            draft.add(session.lane(), self._chunk)
        self._guess(draft, self.asks)
        self._share(draft, urgent)

    def _share(self, draft: Draft, urgent: Sequence[Session]) -> None:
        """What ingest has earned while asks went on, so that it never starves."""
        if self.sessions and self._credit >= self._step_s / 4:
            draft.grant(self._credit)
            self._ingest(draft, urgent)
            self._credit = draft.seconds

    def _ingest(self, draft: Draft, urgent: Sequence[Session]) -> None:
        for session in urgent:
            draft.add(session.lane(), self._chunk)
        self.sessions.fill(draft)

    def _answers(self, kind: Class, turns: Turns[Question], now: float) -> Step | None:
        if not turns or not self.allowance.open(now):
            return None
        draft = self._draft(GROUPED)
        turns.fill(draft)
        self._guess(draft, turns)
        return draft.step(kind)

    def _upkeep(self) -> Step | None:
        draft = self._draft()
        self.successors.fill(draft)
        return draft.step("upkeep")

    def _guess(self, draft: Draft, turns: Turns[Question]) -> None:
        """Let the few that decode guess ahead, in the time that nobody else wants."""
        decoding = [lane for lane in draft.counts if isinstance(lane, Question) and lane.decoding]
        if draft.full or len(decoding) >= self._speculate_below:
            return
        for left, question in zip(range(len(decoding), 0, -1), decoding, strict=True):
            most = min(DRAFTED, draft.fits(question) // left)
            whole = self.cost.predict(1, question.length)
            price = self.cost.marginal(question.length, 1) / whole if whole else 0.0
            if most > 0 and (count := question.guess(most, price)):
                draft.add(question, count)

    def settle(self, step: Step, seconds: float, now: float = 0.0) -> None:
        """Learn what a pass cost that ended at `now`."""
        predicted = self.cost.predict(step.tokens, step.pairs, step.families)
        if predicted > self._step_s / 4:  # what is short does not count: it is late in other ways
            self._margin.observe(predicted, seconds)
        self.cost.observe(step.tokens, step.pairs, seconds, step.families)
        if step.kind == "ask" and self.sessions:
            self._credit = min(self._credit + SHARE * seconds, self._step_s)
        elif step.kind == "ingest":
            self.arrears.earn(seconds)
        elif step.kind in ("flash", "ready"):
            self.allowance.spend(seconds, now)
            self.arrears.spend(seconds)

    def caught_up(self) -> list[Session]:
        """Takes the sessions that have nothing more to compute out of the queue."""
        found = [session for session in self.sessions if not session.behind]
        for session in found:
            self.sessions.remove(session)
        return found


def _lanes(sessions: Sequence[Session]) -> list[Lane]:
    return [session.lane() for session in sessions]


def _answers_first(questions: Sequence[Question]) -> list[Question]:
    """Those that decode, then tails, first come first."""
    return sorted(questions, key=lambda question: not question.decoding)


def _together(questions: Sequence[Question]) -> Sequence[Question]:
    """Tails first, so that questions forked together also decode together."""
    return [question for question in questions if not question.decoding] or questions
