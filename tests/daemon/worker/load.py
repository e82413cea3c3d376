"""A seeded load: sessions come, are fed, asked and closed as Poisson processes do it."""

import random
from dataclasses import dataclass, field

from sticli.daemon import messages
from tests.daemon.worker.link import ask, flash, lines, opened

QUESTIONS = ("why?", "who was it, and when?", "x")


@dataclass(frozen=True)
class Pattern:
    """How much of everything; times in simulated seconds."""

    sessions: int
    between: float  # seconds between two sessions' beginnings
    life: float  # seconds that one lives
    batches: float  # appends in a life
    asks: float
    flashes: float
    limit: int = 512


@dataclass
class Load:
    """What the front sends, in order of time, and what it expects."""

    pattern: Pattern
    seed: int
    coming: list[tuple[float, messages.Inbound]] = field(default_factory=list)
    asked: dict[int, float] = field(default_factory=dict)  # when each ask is sent
    waits: set[int] = field(default_factory=set)  # asks that wait for lines
    cancelled: set[int] = field(default_factory=set)
    appended: dict[str, int] = field(default_factory=dict)  # lines of those that stay
    last: float = 0.0

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        start = 1000.0
        for n in range(self.pattern.sessions):
            start += rng.expovariate(1 / self.pattern.between)
            self._session(f"s{n}", start, rng)
        self.coming.sort(key=lambda item: item[0])
        self.last = self.coming[-1][0]

    def _session(self, name: str, start: float, rng: random.Random) -> None:
        """One life: opened, fed, asked, and (nine of ten) closed."""
        pattern = self.pattern
        end = start + rng.expovariate(1 / pattern.life)
        on_full = rng.choice(("stop", "rebase"))
        self._at(start, opened(name, limit=pattern.limit, uid=name, on_full=on_full))
        sent = 0
        for at in self._times(rng, start, end, pattern.batches):
            count = rng.randint(1, 6)
            texts = [f"{name} {sent + n} says {rng.random():.3f}" for n in range(count)]
            self._at(at, lines(texts, sent, name))
            sent += count
        for at in self._times(rng, start, end, pattern.asks):
            self._ask(name, at, rng)
        for n, at in enumerate(self._times(rng, start, end, pattern.flashes)):
            self._at(at, flash(f"f{n}", rng.choice(QUESTIONS), name, rng.randint(0, 400)))
        if rng.random() < 0.9:
            self._at(end, messages.Close(name))
        else:
            self.appended[name] = sent

    def _ask(self, name: str, at: float, rng: random.Random) -> None:
        id = len(self.asked) + 1
        self.asked[id] = at
        version = int(rng.random() < 0.2)  # a first line, which may be yet to come
        if version:
            self.waits.add(id)
        most = rng.choice((1, 8, 8, 60))
        self._at(at, ask(id, rng.choice(QUESTIONS), name, most, version))
        if rng.random() < 0.1:
            self.cancelled.add(id)
            self._at(at + rng.expovariate(20), messages.Cancel(id))

    def _times(self, rng: random.Random, start: float, end: float, expected: float) -> list[float]:
        """Moments of a Poisson process, `expected` of them on average, in order."""
        found, at = [], start
        while (at := at + rng.expovariate(max(expected, 1e-9) / (end - start))) < end:
            found.append(at)
        return found

    def _at(self, at: float, message: messages.Inbound) -> None:
        self.coming.append((at, message))
