"""Simulated readings of sensors that know the true answer to every question about themselves."""

import random
from dataclasses import replace

from sticli.demo.world import lexicon, names, phrasing
from sticli.demo.world.board import SHARES, Board
from sticli.demo.world.dialect import Span
from sticli.demo.world.question import Question, pose, recognise
from sticli.demo.world.scribe import Scribe
from sticli.demo.world.series import Told, printed
from sticli.demo.world.walk import Walk, level


class Sensors:
    """A few sensors of one quantity, one reading a line in any dialect: `10:02:11 boiler 71.5C`."""

    def __init__(self, seed: int, *, held_out: bool = False) -> None:
        self._rng = rng = random.Random(f"sensors {seed} {held_out}")
        self._held_out = held_out
        self._scribe = Scribe(rng, held_out=held_out)
        told = names.sensors(rng, rng.randint(1, 8) + 3, held_out=held_out)
        self.sensors: list[str] = told[:-3]
        self._busy = names.busy(rng, self.sensors)
        quantity, units, (low, high), places = rng.choice(lexicon.QUANTITIES)
        decimals, self._unit = rng.choice(places), rng.choice(units)
        # Glued to its unit a number is none that JSON knows.
        forms = (
            ("no", "no", "field")
            if self._scribe.dialect.form == "json"
            else ("no", "glued", "field")
        )
        self._united = rng.choice(forms)
        scale = round((high - low) * 10**decimals)
        step, drift = 10 ** rng.uniform(-2.7, -1.3), rng.choice((0, 0, 0.1, -0.1))
        self._walks = {
            name: Walk(rng, round(rng.uniform(low, high) * 10**decimals), step, drift, 0.0, scale)
            for name in self.sensors
        }
        self._signed = low < 0
        self._board = Board(rng, told, dict.fromkeys(told, decimals))
        nouns = (*phrasing.SENSORS["noun"], quantity, quantity)
        self._words = {**phrasing.SENSORS, "noun": nouns, "told": nouns}
        self._shares = {kind: share for kind, share in SHARES.items() if kind != "moved_most"}
        self.told: Told | None = None  # by the last line

    def line(self) -> str:
        """The next line, without its newline; the first of a CSV feed may be its header."""
        name, time = self._rng.choice(self._busy), self._scribe.tick()
        walk = self._walks[name]
        walk.next()
        if not self._signed:
            walk.now = abs(walk.now)
        value = printed(walk.now, self._board.decimals[name])
        told = Told(name, value)
        if self._united == "glued":
            value += self._unit
        record = [("time", time), ("sensor", name), ("value", value)]
        if self._united == "field":
            record.append(("unit", self._unit))
        if header := self._scribe.header(record):
            return header
        self._board.tell(name, time, level(walk.now))
        self.told = told
        return self._scribe.write(record)

    @property
    def spans(self) -> list[Span]:
        """Where the fields of the last line stand, a value without its unit."""
        glued = len(self._unit) if self._united == "glued" else 0
        return [
            replace(span, stop=span.stop - glued) if span.role == "value" else span
            for span in self._scribe.spans
        ]

    def truth(self, text: str) -> str:
        """The true answer to a question now; "none" if nothing in the feed tells."""
        return self._board.answer(recognise(text, tuple(self._shares)))

    def ask(self) -> Question:
        """A random question that can be asked now, of a random kind."""
        held_out = self._held_out
        return pose(self._rng, self._board, self._shares, self._words, held_out=held_out)
