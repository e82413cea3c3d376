"""How a feed writes its records: plain words, CSV, JSON lines, key=value or words in brackets."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sticli.demo.world import clock
from sticli.demo.world.lexicon import KEYS

T = TypeVar("T")
Record = list[tuple[str, str]]  # (role, text); a name stands before what is told of it

FORMS = ("plain", "csv", "json", "keyed", "brackets")
BARE = frozenset(
    {"price", "value", "size", "open", "high", "low", "close", "volume", "pid", "status", "bytes"}
)  # roles that JSON writes without quotes

# Between fields: training's, and evaluation's own.
GAPS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plain": (
        (" ", " ", " ", "  ", "\t", " | ", ", ", " / ", " > ", "|", " # ", " :: ", " ~ ", " -- "),
        (" - ", "; ", " : "),
    ),
    "csv": ((",", ",", ",", ";", "\t", "~", "^", "; ", "::"), ("|", ", ")),
    "json": ((",", ", ", ",  ", ",\t"), (" , ",)),
    "keyed": ((" ", " ", ", ", "\t", " | ", "&", ",", " / ", " ~ ", ";"), ("; ", "  ")),
    "brackets": ((" ", " ", "\t", " - "), ("  ",)),
}
BINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "json": ((":", ": ", ":  ", ":\t"), (" : ",)),
    "keyed": (("=", ": ", " ", "= ", "->", ":=", "=>", " is ", " -> "), (":", " = ")),
}
WRAPS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "time": (("{}", "[{}]", "[{}]", "<{}>", "{},", "{} -", "{} |", "{}>", "'{}'"), ("({})", "{}:")),
    "level": (("{}", "{}", "[{}]", "({})", "<{}>", "{}:", "*{}*", "{} -"), ()),
    "name": (("{}", "{}:", "[{}]", "{},", '"{}"', "{} ->", "'{}'", "{}=", "@{}"), ("<{}>", "({})")),
}
NAMES = frozenset({"symbol", "sensor", "service", "path"})
STANDS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
PLACES = (("first", "first", "first", "first", "second", "last"), ("third",))


def pick(rng: random.Random, trained: tuple[T, ...], kept: tuple[T, ...], *, held_out: bool) -> T:
    """One of training's choices, or in evaluation as often one that training never makes."""
    return rng.choice(kept if held_out and kept and rng.random() < 0.5 else trained)


@dataclass(frozen=True, slots=True)
class Span:
    """Where in a line the text of a field stands: from character `start` to before `stop`."""

    role: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to write records; the plain words of the default are `10:02:11 ACME 131.25`."""

    form: str = "plain"
    gap: str = " "
    bind: str = "="
    keys: Mapping[str, str] = field(default_factory=dict)
    quoted: bool = False  # numbers in JSON, words in key=value
    time: str = "first"  # where the time stands: first to fifth, or last
    wraps: Mapping[str, str] = field(default_factory=dict)
    headed: bool = False  # CSV that begins with the keys

    @property
    def named(self) -> bool:
        """Whether each line names its fields."""
        return self.form in ("json", "keyed")

    def write(self, record: Record) -> str:
        """One line; the time must come first in the record."""
        line = self.gap.join(self._field(role, text) for role, text in self._ordered(record))
        return "{" + line + "}" if self.form == "json" else line

    def spans(self, record: Record) -> list[Span]:
        """Where the fields of a record stand in its line."""
        found, at = list[Span](), int(self.form == "json")
        for role, text in self._ordered(record):
            written = self._field(role, text)
            start = at + written.rindex(text)  # a key may have the same text before it
            found.append(Span(role, start, start + len(text)))
            at += len(written) + len(self.gap)
        return found

    def header(self, record: Record) -> str:
        """The keys of such a record, as the first line of CSV has them."""
        return self.gap.join(self.keys[role] for role, _ in self._ordered(record))

    def _ordered(self, record: Record) -> Record:
        after = STANDS.get(self.time, len(record))
        return [*record[1:after], record[0], *record[after:]]

    def _field(self, role: str, text: str) -> str:
        """One field as it stands in a line."""
        if self.form == "json":
            return self._json(role, text)
        if self.form == "keyed":
            return self._keyed(role, text)
        return self._wrapped(role, text) if self.form == "brackets" else text

    def _json(self, role: str, text: str) -> str:
        mark = "" if role in BARE and not self.quoted else '"'
        return f'"{self.keys[role]}"{self.bind}{mark}{text}{mark}'

    def _keyed(self, role: str, text: str) -> str:
        if " " in text or (self.quoted and role not in BARE):
            text = f'"{text}"'
        return f"{self.keys[role]}{self.bind}{text}"

    def _wrapped(self, role: str, text: str) -> str:
        return self.wraps.get("name" if role in NAMES else role, "{}").format(text)


def found_in(line: str, record: Record) -> list[Span]:
    """Where the fields of a record stand in a line that has them in this order."""
    found, at = list[Span](), 0
    for role, text in record:
        start = line.index(text, at)
        at = start + len(text)
        found.append(Span(role, start, at))
    return found


def draw(rng: random.Random, *, held_out: bool, forms: tuple[str, ...] = FORMS) -> Dialect:
    """A random dialect of one of these forms."""
    form = rng.choice(forms)
    return Dialect(
        form,
        pick(rng, *GAPS[form], held_out=held_out),
        pick(rng, *BINDS.get(form, (("=",), ())), held_out=held_out),
        _keys(rng, held_out),
        rng.random() < 0.3,
        pick(rng, *PLACES, held_out=held_out),
        {role: pick(rng, *ways, held_out=held_out) for role, ways in WRAPS.items()},
        rng.random() < 0.5,
    )


def draw_style(rng: random.Random, *, held_out: bool) -> str:
    """A random way to print times."""
    return pick(rng, ("day", *clock.STYLES), tuple(clock.KEPT_STYLES), held_out=held_out)


def _keys(rng: random.Random, held_out: bool) -> dict[str, str]:
    """A key for each role, no two alike."""
    found: dict[str, str] = {}
    for role, (listed, spelled, kept) in KEYS.items():
        trained = listed + spelled
        key = pick(rng, trained, kept, held_out=held_out)
        while key in found.values():
            key = pick(rng, (*trained, role), kept, held_out=held_out)
        found[role] = key
    return found
