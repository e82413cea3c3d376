"""The writer of one feed: its dialect, its clock, and whether its first line names the columns."""

import random
from dataclasses import replace

from sticli.demo.world import clock, coined, dialect, extra, stamps
from sticli.demo.world.clock import Clock, Print
from sticli.demo.world.dialect import Dialect, Record, Span
from sticli.demo.world.extra import Extra


class Scribe:
    """Writes plain words and HH:MM:SS or, if varied, a random dialect at a random pace; `spans` say
    where the fields of the last line stand.
    """

    def __init__(self, rng: random.Random, *, held_out: bool, varied: bool = True) -> None:
        self.dialect = dialect.draw(rng, held_out=held_out) if varied else Dialect()
        self._extras, self._ranks = list[Extra](), dict[str, int]()
        if varied and not held_out:
            self.dialect = coined.coin(rng, self.dialect)
            self._extras = extra.draw(rng, self.dialect)
            keys = {**self.dialect.keys, **{one.role: one.key for one in self._extras}}
            self.dialect = replace(self.dialect, keys=keys)
            self._ranks = coined.ranks(rng) if self.dialect.named else {}
        self._clock = Clock(rng, self._printed(rng, held_out, varied), lively=varied)
        self.headed = self.dialect.form == "csv" and self.dialect.headed
        self._begun = not self.headed
        self.spans: list[Span] = []

    def _printed(self, rng: random.Random, held_out: bool, varied: bool) -> Print:
        if varied and not held_out and rng.random() < coined.SHARE:
            return stamps.coin(rng)
        style = dialect.draw_style(rng, held_out=held_out) if varied else "day"
        if style == "comma" and self.dialect.gap == ",":
            style = "fine"  # a time with a comma would be two fields
        return clock.style(style)

    def tick(self) -> str:
        """The time of the next line."""
        return self._clock.tick()

    def header(self, record: Record) -> str:
        """What must come before the first such record; empty for nothing."""
        if self._begun:
            return ""
        self._begun = True
        return self.dialect.header(self._filled(record))

    def write(self, record: Record) -> str:
        """One line, without its newline."""
        filled = self._filled(record)
        self.spans = self.dialect.spans(filled)
        return self.dialect.write(filled)

    def _filled(self, record: Record) -> Record:
        record = self._moved(record)
        for one in self._extras:
            record = one.put(record)
        return record

    def _moved(self, record: Record) -> Record:
        """The record with the fields that have a rank in that order, in the places they have."""
        ranked = sorted(
            (field for field in record if field[0] in self._ranks),
            key=lambda field: self._ranks[field[0]],
        )
        places = iter(ranked)
        return [next(places) if field[0] in self._ranks else field for field in record]
