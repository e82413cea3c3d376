"""What training's dialects have besides the listed: other separators, brackets and keys, the time
in other places. What is kept for evaluation is never among it.
"""

import random
from collections.abc import Mapping
from dataclasses import replace

from sticli.demo.world import names
from sticli.demo.world.dialect import BINDS, GAPS, WRAPS, Dialect
from sticli.demo.world.lexicon import KEYS

SHARE = 0.35  # of its dialects, in each of these
TIMED = 0.6  # of them have the time in one of these places
TIMES = ("second", "fourth", "fourth", "fourth", "fifth", "last")
MOVED = 0.5  # of those that name their fields have these in another order
MOVABLE = ("price", "size", "side", "open", "high", "low", "close", "volume", "value", "unit")
KEPT_ORDER = ("size", "side", "price")
SPACES = ("   ", "    ", "\t\t", " \t")
ROOM = ("", "", " ", "  ", "   ", "\t")  # around a mark of JSON
MARKS = ("|", ";", "~", "^", "#", "*", ">", "&", "!", "=", "||", "->", "%", "@", "/", "//", "+")
INNER = ("/", "//", "+")  # also in times and paths: between spaces only
ROUND = (" {} ", " {}", "{} ", "{}")
PAIRS = ("()", "[]", "<>", "{}", "''", '""', "**", "||", "``")
AFTER = ("", "", ":", ",", " -", " |", "=", ";")
JOINED = ("{0}_{1}", "{1}_{0}", "{0}.{1}", "{1}-{0}")


def coin(rng: random.Random, drawn: Dialect) -> Dialect:
    """The dialect with some of its parts made up."""
    form = drawn.form
    if rng.random() < SHARE:
        drawn = replace(drawn, gap=_gap(rng, drawn))
    if form == "json" and rng.random() < SHARE:
        drawn = replace(drawn, bind=_roomy(rng, ":", BINDS[form][1]))
    if form == "keyed" and rng.random() < SHARE:
        drawn = replace(drawn, bind=_mark(rng, (*BINDS[form][1], drawn.gap)))
    if rng.random() < SHARE:
        drawn = replace(drawn, wraps={role: _wrap(rng, role) for role in WRAPS})
    if rng.random() < SHARE:
        drawn = replace(drawn, keys=_keys(rng, drawn.keys))
    if rng.random() < TIMED:
        drawn = replace(drawn, time=rng.choice(TIMES))
    return drawn


def ranks(rng: random.Random) -> dict[str, int]:
    """The order of the fields of a feed that names them: empty for the usual one."""
    if rng.random() > MOVED:
        return {}
    found = {role: rank for rank, role in enumerate(rng.sample(MOVABLE, len(MOVABLE)))}
    return ranks(rng) if sorted(KEPT_ORDER, key=found.__getitem__) == [*KEPT_ORDER] else found


def _roomy(rng: random.Random, mark: str, kept: tuple[str, ...]) -> str:
    """The mark with room around, wherever none of those is in it."""
    found = rng.choice(ROOM) + mark + rng.choice(ROOM)
    return _roomy(rng, mark, kept) if any(one in found for one in kept) else found


def _gap(rng: random.Random, drawn: Dialect) -> str:
    """What stands between fields: a mark, or much space where that is no end of a column."""
    kept = GAPS[drawn.form][1]
    if drawn.form == "json":
        return _roomy(rng, ",", kept)
    if drawn.form != "csv" and rng.random() < 0.2:
        return rng.choice([wide for wide in SPACES if not any(one in wide for one in kept)])
    return _mark(rng, (*kept, drawn.bind))


def _mark(rng: random.Random, taken: tuple[str, ...]) -> str:
    """A mark that is none of those, often with space around."""
    mark = rng.choice([one for one in MARKS if one not in {each.strip() for each in taken}])
    return (ROUND[0] if mark in INNER else rng.choice(ROUND)).format(mark)


def _wrap(rng: random.Random, role: str) -> str:
    """What stands around a text of this role: a pair of brackets or nothing, and a mark."""
    kept = tuple(one.replace("{}", "\0") for one in WRAPS[role][1])
    while True:
        pair = rng.choice(PAIRS) if rng.random() < 0.6 else ""
        found = pair[:1] + "\0" + pair[1:] + rng.choice(AFTER)
        if not found.startswith(kept):
            return found.replace("{", "{{").replace("}", "}}").replace("\0", "{}")


def _keys(rng: random.Random, keys: Mapping[str, str]) -> dict[str, str]:
    """The same keys, half of them with a word beside that says nothing; no two alike."""
    way, found = rng.choice(JOINED), dict[str, str]()
    for role, key in keys.items():
        chosen = key if rng.random() < 0.5 else _longer(rng, way, key)
        while chosen in KEYS[role][2] or chosen in found.values():
            chosen = _longer(rng, way, key)
        found[role] = chosen
    return found


def _longer(rng: random.Random, way: str, key: str) -> str:
    return way.format(key, rng.choice(("x", "my", "cur", "f", "new", names.spoken(rng))))
