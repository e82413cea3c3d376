"""A field that nobody asks about, which some feeds of training have in every line."""

import random
from dataclasses import dataclass
from string import ascii_uppercase

from sticli.demo.world import names
from sticli.demo.world.dialect import Dialect, Record
from sticli.demo.world.lexicon import KEYS

SHARE = 0.35  # of the feeds
_KEYS = frozenset(key for listed in KEYS.values() for keys in listed for key in keys)


@dataclass(slots=True)
class Extra:
    """One of some words, or else a number that goes on, `place` fields from the first; not after
    words that say something.
    """

    rng: random.Random
    key: str
    place: int
    words: tuple[str, ...]
    before: str  # the number
    number: int

    def put(self, record: Record) -> Record:
        """The record with that field in it."""
        self.number += 1
        text = self.rng.choice(self.words) if self.words else f"{self.before}{self.number}"
        at = min(self.place, len(record) - (record[-1][0] in ("message", "state")))
        return [*record[:at], ("extra", text), *record[at:]]


def draw(rng: random.Random, dialect: Dialect) -> Extra | None:
    """Such a field for some feeds: where nothing names it, one that nobody takes for a name."""
    if rng.random() > SHARE:
        return None
    key = rng.choice(("seq", "venue", names.spoken(rng)))
    while key in _KEYS or key in dialect.keys.values():
        key = names.spoken(rng)
    count = rng.choice((0, 1, 1, 3)) if dialect.named else 0
    before = "" if dialect.named else rng.choice(("#", "seq", "id", "n."))
    place = 4 if dialect.time == "fourth" else rng.randint(1, 4)
    words = tuple(_word(rng) for _ in range(count))
    return Extra(rng, key, place, words, before, rng.randrange(10 ** rng.randint(1, 5)))


def _word(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return names.spoken(rng)
    return names.made_up(rng, ascii_uppercase, held_out=False)
