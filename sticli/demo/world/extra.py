"""Fields that nobody asks about, which many feeds of training have in every line."""

import random
from dataclasses import dataclass
from string import ascii_uppercase

from sticli.demo.world import names
from sticli.demo.world.dialect import NAMES, Dialect, Record
from sticli.demo.world.lexicon import KEYS

SHARES = (0.5, 0.4)  # of the varied feeds have one, of those another
_KEYS = frozenset(key for listed in KEYS.values() for keys in listed for key in keys)


@dataclass(slots=True)
class Extra:
    """One of some words, or else a number that goes on, `place` fields from the first; not after
    words that say something. Words that nothing names stand behind the name, as no name can.
    """

    rng: random.Random
    role: str
    key: str
    place: int
    words: tuple[str, ...]
    before: str  # the number
    number: int
    behind: bool = False

    def put(self, record: Record) -> Record:
        """The record with that field in it."""
        self.number += 1
        text = self.rng.choice(self.words) if self.words else f"{self.before}{self.number}"
        at = min(self.place, len(record) - (record[-1][0] in ("message", "state")))
        if self.behind:
            at = max(at, 1 + next(index for index, (role, _) in enumerate(record) if role in NAMES))
        return [*record[:at], (self.role, text), *record[at:]]


def draw(rng: random.Random, dialect: Dialect) -> list[Extra]:
    """None, one or two such fields for a feed in that dialect."""
    found, taken = list[Extra](), _KEYS.union(dialect.keys.values())
    for index, share in enumerate(SHARES):
        if rng.random() > share:
            break
        found.append(_draw(rng, f"extra{index}", dialect, taken))
        taken |= {found[-1].key}
    return found


def _draw(rng: random.Random, role: str, dialect: Dialect, taken: frozenset[str]) -> Extra:
    """One whose key is none of those taken."""
    key = rng.choice(("seq", "venue", names.spoken(rng)))
    while key in taken:
        key = names.spoken(rng)
    count, place = rng.choice((0, 1, 1, 3, 4)), rng.randint(1, 5)
    before = "" if dialect.named else rng.choice(("#", "seq", "id", "n."))
    number, behind = rng.randrange(10 ** rng.randint(1, 5)), not dialect.named and count > 0
    return Extra(rng, role, key, place, _words(rng, count), before, number, behind)


def _words(rng: random.Random, count: int) -> tuple[str, ...]:
    """So many words: spoken ones, or of capitals as a symbol or a side may be."""
    if rng.random() < 0.5:
        return tuple(names.spoken(rng) for _ in range(count))
    return tuple(names.made_up(rng, ascii_uppercase, held_out=False) for _ in range(count))
