"""What happens when in a workload: declared ahead, so that no engine can slow the world down."""

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Schedule:
    """Arrivals and questions of some seconds; each in order of time."""

    arrivals: tuple[Arrival, ...]
    questions: tuple[Question, ...]

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
