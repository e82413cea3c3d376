"""A simulated access log that knows the true answer to every question about itself."""

import random
from collections import Counter
from collections.abc import Mapping

from sticli.demo.world import lexicon, names, phrasing
from sticli.demo.world.dialect import Record, Span, found_in
from sticli.demo.world.question import COUNTED, NONE, Asked, Question, pose, recognise
from sticli.demo.world.scribe import Scribe

ABSENT = 0.16  # of the questions that name a path
SHARES: Mapping[str, float] = {
    "last_status": 30, "last_failed": 14, "last_name": 12, "value_time": 8,
    "count_failed": 8, "count": 8, "seen": 6,
}  # fmt: skip


class Access:
    """Requests for a few paths: `1.2.3.4 - - [10:02:11] "GET /cart HTTP/1.1" 200 512`, or in any
    dialect.
    """

    def __init__(self, seed: int, *, held_out: bool = False) -> None:
        self._rng = rng = random.Random(f"access {seed} {held_out}")
        self._held_out = held_out
        self._common = rng.random() < 0.4
        self._scribe = Scribe(rng, held_out=held_out)
        self._told = names.paths(rng, rng.randint(1, 8) + 3, held_out=held_out)
        self.paths: list[str] = self._told[:-3]
        self._busy = names.busy(rng, self.paths)
        self._clients = [".".join(str(rng.randrange(1, 255)) for _ in range(4)) for _ in range(3)]
        self._failing = rng.uniform(0.03, 0.3)
        self.spans: list[Span] = []  # where the fields of the last request stand
        self._status: dict[str, str] = {}
        self._times: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._last, self._failed, self._failures = NONE, NONE, 0

    def line(self) -> str:
        """The next request, without its newline; the first line of a CSV log may be its header."""
        rng = self._rng
        path, time, client = rng.choice(self._busy), self._scribe.tick(), rng.choice(self._clients)
        fails = rng.random() < self._failing
        status = rng.choice(lexicon.FAILURES if fails else lexicon.STATUSES)
        method, sent = rng.choice(lexicon.METHODS), str(round(10 ** rng.uniform(1, 5)))
        record: Record = [
            ("time", time), ("client", client), ("method", method), ("path", path),
            ("status", status), ("bytes", sent),
        ]  # fmt: skip
        if not self._common and (header := self._scribe.header(record)):
            return header
        self._status[path], self._times[path], self._last = status, time, path
        self._counts[path] += 1
        if fails:
            self._failed, self._failures = path, self._failures + 1
        if self._common:
            line = f'{client} - - [{time}] "{method} {path} HTTP/1.1" {status} {sent}'
            self.spans = found_in(line, [record[1], record[0], *record[2:]])
            return line
        line = self._scribe.write(record)
        self.spans = self._scribe.spans
        return line

    def truth(self, text: str) -> str:
        """The true answer to a question now; "none" if nothing in the log tells."""
        return self.answer(recognise(text, tuple(SHARES)))

    def ask(self) -> Question:
        """A random question that can be asked now, of a random kind."""
        return pose(self._rng, self, SHARES, phrasing.ACCESS, held_out=self._held_out)

    def suggest(self, kind: str) -> Asked | None:
        """A question of this kind that can be asked now; None if there is none."""
        if kind in ("last_failed", "last_name", "count_failed"):
            return Asked(kind) if self._failures <= COUNTED or kind != "count_failed" else None
        name = self._name(0.5 if kind == "seen" else ABSENT)
        return None if kind == "count" and self._counts[name] > COUNTED else Asked(kind, name)

    def answer(self, asked: Asked) -> str:
        """The true answer now; "none" if nothing has told it."""
        match asked.kind:
            case "last_status" | "value_time":
                told = self._status if asked.kind == "last_status" else self._times
                return told.get(asked.name, NONE)
            case "last_failed" | "last_name":
                return self._failed if asked.kind == "last_failed" else self._last
            case "count" | "count_failed":
                return str(self._counts[asked.name] if asked.name else self._failures)
            case "seen":
                return "yes" if asked.name in self._status else "no"
        raise ValueError(f"not a question about requests: {asked}")

    def _name(self, absent: float) -> str:
        if not self._status or self._rng.random() < absent:
            return self._rng.choice([name for name in self._told if name not in self._status])
        return self._rng.choice(list(self._status))
