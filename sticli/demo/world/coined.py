"""What training's dialects have besides the listed: other separators, brackets and keys, the time
in other places, a field that nobody asks about. What is kept for evaluation is never among it.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from string import ascii_uppercase

from sticli.demo.world import names
from sticli.demo.world.dialect import BINDS, GAPS, WRAPS, Dialect, Record
from sticli.demo.world.lexicon import KEYS

SHARE = 0.35  # of its dialects, in each of these
MARKS = ("|", ";", "~", "^", "/", "#", "*", "+", ">", "&", "!", "=", "||", "//", "->", "%", "@")
ROUND = (" {} ", " {}", "{} ", "{}")
PAIRS = ("()", "[]", "<>", "{}", "''", '""', "**", "||", "``")
AFTER = ("", "", ":", ",", " -", " |", "=", ";")
JOINED = ("{0}_{1}", "{1}_{0}", "{0}.{1}", "{1}-{0}")


def coin(rng: random.Random, drawn: Dialect) -> Dialect:
    """The dialect with some of its parts made up."""
    form = drawn.form
    if form != "json" and rng.random() < SHARE:
        drawn = replace(drawn, gap=_mark(rng, GAPS[form][1], drawn.bind))
    if form == "keyed" and rng.random() < SHARE:
        drawn = replace(drawn, bind=_mark(rng, BINDS[form][1], drawn.gap))
    if rng.random() < SHARE:
        drawn = replace(drawn, wraps={role: _wrap(rng, role) for role in WRAPS})
    if rng.random() < SHARE:
        drawn = replace(drawn, keys=_keys(rng, drawn.keys))
    if rng.random() < SHARE:
        drawn = replace(drawn, time=rng.choice(("second", "fourth", "last")))
    return drawn


def _other(rng: random.Random, kept: tuple[str, ...], draw: Callable[[], str]) -> str:
    """The first one drawn that is not kept."""
    while (found := draw()) in kept:
        pass
    return found


def _mark(rng: random.Random, kept: tuple[str, ...], other: str) -> str:
    """A mark, often with space around, that is not the `other` one."""
    marks = [mark for mark in MARKS if mark != other.strip()]
    return _other(rng, kept, lambda: rng.choice(ROUND).format(rng.choice(marks)))


def _wrap(rng: random.Random, role: str) -> str:
    def draw() -> str:
        pair = rng.choice(PAIRS) if rng.random() < 0.6 else ""
        braced = (pair[:1] + "\0" + pair[1:]).replace("{", "{{").replace("}", "}}")
        return braced.replace("\0", "{}") + rng.choice(AFTER)

    return _other(rng, WRAPS[role][1], draw)


def _keys(rng: random.Random, keys: Mapping[str, str]) -> dict[str, str]:
    """The same keys, half of them with a word beside that says nothing; no two alike."""
    way, found = rng.choice(JOINED), dict[str, str]()
    for role, key in keys.items():
        kept = (*KEYS[role][2], *found.values())
        longer = partial(_longer, rng, way, key)
        beside = rng.random() < 0.5 or key in found.values()
        found[role] = _other(rng, kept, longer) if beside else key
    return found


def _longer(rng: random.Random, way: str, key: str) -> str:
    return way.format(key, rng.choice(("x", "my", "cur", "f", "new", names.spoken(rng))))


@dataclass(slots=True)
class Extra:
    """A field that nobody asks about, `place` fields from the first, not after words that say
    something.
    """

    rng: random.Random
    key: str
    place: int
    words: tuple[str, ...]  # it is one of these, or a number after `before`
    before: str
    number: int

    def put(self, record: Record) -> Record:
        """The record with that field in it."""
        self.number += 1
        text = self.rng.choice(self.words) if self.words else f"{self.before}{self.number}"
        at = min(self.place, len(record) - (record[-1][0] in ("message", "state")))
        return [*record[:at], ("extra", text), *record[at:]]


def extra(rng: random.Random, dialect: Dialect) -> Extra | None:
    """Such a field for some feeds; nothing that could be taken for what is asked about."""
    if rng.random() > SHARE:
        return None
    known = tuple(dialect.keys.values())
    key = _other(rng, known, lambda: rng.choice(("seq", "venue", names.spoken(rng))))
    count = rng.choice((0, 1, 1, 3) if dialect.named else (0, 1))
    words = tuple(_word(rng) for _ in range(count))
    before = "" if dialect.named else rng.choice(("#", "seq", "id", "n."))
    return Extra(rng, key, rng.randint(1, 4), words, before, rng.randrange(10 ** rng.randint(1, 5)))


def _word(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return names.spoken(rng)
    return names.made_up(rng, ascii_uppercase, held_out=False)
