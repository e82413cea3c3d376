"""What happens when in a workload: declared ahead, so that no engine can slow the world down."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Arrival:
    """Lines that reach a session; `at` is seconds from the beginning of the schedule."""

    at: float
    session: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is put; with `choices` the answer is one of them."""

    at: float
    session: str
    text: str
    max_tokens: int
    choices: tuple[str, ...] = ()
    truth: str = ""  # the right answer, where the feed knows it
    complete: bool = False  # it sees all lines due by then: put once taken, timed from their coming


@dataclass(frozen=True, slots=True)
class Feed:
    """What one session is given in a schedule."""

    held: int  # lines that it has before
    times: tuple[float, ...]  # of its arrivals
    totals: tuple[int, ...]  # lines that it has with each of them
    after: Mapping[int, int]  # the same by place among the arrivals of the schedule

    def missed(self, lines: int, at: float) -> tuple[int, float]:
        """(lines that are due at a time, but not among the first `lines`; for how long the
        oldest of them has been, since the beginning of the schedule at most).

        Raises:
            ValueError: nobody has given the session so many lines.
        """
        most = self.totals[-1] if self.totals else self.held
        if lines > most:
            raise ValueError(f"{lines} lines seen, {most} given: `held` of the schedule is wrong")
        arrived = bisect_right(self.times, at)
        due = self.totals[arrived - 1] if arrived else self.held
        if due <= lines:
            return 0, 0.0
        oldest = bisect_right(self.totals, lines)
        return due - lines, at - (self.times[oldest] if lines >= self.held else 0.0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Arrivals and questions of some seconds; each in order of time.

    They go different ways to an engine: a question that has to see a line is due well after it.
    """

    arrivals: tuple[Arrival, ...]
    questions: tuple[Question, ...]
    held: Mapping[str, int] = field(default_factory=dict)  # lines of the sessions from before

    @property
    def seconds(self) -> float:
        """When the last of it is due."""
        found: list[Arrival | Question] = [*self.arrivals, *self.questions]
        return max((one.at for one in found), default=0.0)

    def feed(self, session: str) -> Feed:
        """What one session is given."""
        own = [(n, one) for n, one in enumerate(self.arrivals) if one.session == session]
        held = self.held.get(session, 0)
        totals = tuple(accumulate((len(one.lines) for _, one in own), initial=held))[1:]
        after = {n: total for (n, _), total in zip(own, totals, strict=True)}
        return Feed(held, tuple(one.at for _, one in own), totals, after)

    def next(self, arrivals: Sequence[Arrival], questions: Sequence[Question]) -> "Schedule":
        """What follows it: the sessions go on with the lines that they were given."""
        sessions = dict.fromkeys([*self.held, *self.sessions])
        held = {session: self.lines(session) for session in sessions}
        return Schedule(tuple(arrivals), tuple(questions), held)

    def lines(self, session: str) -> int:
        """How many lines the session holds at the end of it."""
        given = sum(len(one.lines) for one in self.arrivals if one.session == session)
        return self.held.get(session, 0) + given

    @property
    def sessions(self) -> list[str]:
        """The sessions that it names, in order of their first mention."""
        found: list[Arrival | Question] = [*self.arrivals, *self.questions]
        return list(dict.fromkeys(one.session for one in found))


def spread(
    session: str, lines: list[str], batch: int, rate: float, begin: float = 0.0
) -> list[Arrival]:
    """The lines in batches, evenly: `rate` lines a second, the first batch due at `begin`."""
    return [
        Arrival(begin + at / rate, session, tuple(lines[at : at + batch]))
        for at in range(0, len(lines), batch)
    ]
