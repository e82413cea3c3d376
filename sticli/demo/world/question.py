"""What may be asked about a feed: drawing a phrasing, recognising a text, choosing what to ask."""

import random
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import count, product
from typing import Protocol

from sticli.demo.world import lexicon, phrasing
from sticli.demo.world.phrasing import CANONICAL, PATTERNS, Words

NONE = "none"
COUNTED = 40  # the most that is asked to be counted
ENDS = ("?", "?", "?", "?", "", ".")
_SLOT = re.compile("<([a-z]+)>")
_ARGUMENTS = {"name": r"[\w./-]+", "k": r"\d+", "value": r"[\w.-]+"}
_FEEDS = (
    phrasing.TICKS, phrasing.CANDLES, phrasing.ORDERS, phrasing.SENSORS, phrasing.LOGS,
    phrasing.ACCESS, dict.fromkeys(("noun", "told"), lexicon.NOUNS),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a feed, with the true answer at the moment it was asked."""

    kind: str
    text: str
    truth: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is about: its kind, a name, the last `k` values, a threshold or state."""

    kind: str
    name: str = ""
    k: int = 0
    value: str = ""


class Answers(Protocol):
    """Something that knows a feed: what can be asked of it now, and the answers."""

    def suggest(self, kind: str) -> Asked | None:
        """A question of this kind that can be asked now; None if there is none."""

    def answer(self, asked: Asked) -> str:
        """The true answer now."""


class Feed(Protocol):
    """Lines without end, questions about them, and the right answers."""

    def line(self) -> str:
        """The next line, without its newline; it may tell nothing."""

    def ask(self) -> Question:
        """A random question that can be asked now, of a random kind."""

    def truth(self, text: str) -> str:
        """The right answer now; ValueError for a question it does not know."""


def is_held_out(template: str) -> bool:
    """Whether a phrasing, arguments in braces, is never trained: a fixed fifth of them."""
    return template not in CANONICAL and zlib.crc32(template.encode()) % 5 == 0


def draw(rng: random.Random, kind: str, words: Words, *, held_out: bool) -> str:
    """A random phrasing of a kind on the asked side, arguments in braces, without its end."""
    ways = _ways(kind)
    while True:
        choices = rng.choice(ways)
        template = "".join([part[int(rng.random() * len(part))] for part in choices])
        if "<" in template:
            template = _SLOT.sub(lambda found: rng.choice(words[found[1]]), template)
        if is_held_out(template) == held_out:
            return template


def phrase(rng: random.Random, asked: Asked, words: Words, *, held_out: bool) -> str:
    """A random text that asks this."""
    template = draw(rng, asked.kind, words, held_out=held_out)
    if template[0] != "{" and rng.random() < 0.2:
        template = template[0].upper() + template[1:]
    text = template.format(name=asked.name, k=asked.k, value=asked.value)
    return text + rng.choice(ENDS)


def put(
    rng: random.Random, answers: Answers, asked: Asked, words: Words, *, held_out: bool
) -> Question:
    """This question in random words; of kind `unknown_...` if nothing in the feed tells."""
    text, truth = phrase(rng, asked, words, held_out=held_out), answers.answer(asked)
    return Question(f"unknown_{asked.kind}" if truth == NONE else asked.kind, text, truth)


def pose(
    rng: random.Random,
    answers: Answers,
    shares: Mapping[str, float],
    words: Words,
    *,
    held_out: bool,
) -> Question:
    """A random question that can be asked now, its kind drawn by `shares`."""
    asked, kinds, weights = None, list(shares), list(shares.values())
    while asked is None:
        asked = answers.suggest(rng.choices(kinds, weights)[0])
    return put(rng, answers, asked, words, held_out=held_out)


@lru_cache(4096)
def recognise(text: str, kinds: tuple[str, ...] = tuple(PATTERNS)) -> Asked:
    """What a text asks, if it is of one of these kinds; ValueError if it is not."""
    plain = text.strip().rstrip("?. ")
    for kind in kinds:
        for pattern in _expressions(kind):
            found = pattern.fullmatch(plain) or pattern.fullmatch(plain[:1].lower() + plain[1:])
            if found:
                told = {key.split("_")[0]: it for key, it in found.groupdict().items() if it}
                return Asked(
                    kind, told.get("name", ""), int(told.get("k", 0)), told.get("value", "")
                )
    raise ValueError(f"not a question this feed can answer: {text!r}")


def phrasings(kind: str, words: Words) -> Iterator[str]:
    """Every phrasing of a kind with these words, arguments in braces, without its end."""
    for way in _ways(kind):
        for choice in product(*way):
            template = "".join(choice)
            pieces = enumerate(_SLOT.split(template))
            told = (words[piece] if odd % 2 else (piece,) for odd, piece in pieces)
            yield from map("".join, product(*told))


@cache
def _ways(kind: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Each pattern of a kind as the alternatives of its parts."""
    return tuple(
        tuple(tuple(part.split("|")) for part in re.split(r"[()]", pattern) if part)
        for pattern in PATTERNS[kind]
    )


@cache
def _expressions(kind: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_expression(pattern)) for pattern in PATTERNS[kind])


def _expression(pattern: str) -> str:
    """The pattern with any feed's words and any arguments; `{name}` may stand in alternatives."""
    plain = _SLOT.sub(lambda found: _any(found[1]), pattern.replace("(", "(?:"))
    marks = count()
    return re.sub(
        r"\{([a-z]+)\}", lambda it: f"(?P<{it[1]}_{next(marks)}>{_ARGUMENTS[it[1]]})", plain
    )


def _any(slot: str) -> str:
    told = dict.fromkeys(word for words in _FEEDS for word in words.get(slot, ()))
    return f"(?:{'|'.join(told)})"


def _words() -> tuple[str, ...]:
    """All words that training shows, those of names and messages left out."""
    texts: list[str] = [text for ways in PATTERNS.values() for text in ways]
    texts += [word for words in _FEEDS for known in words.values() for word in known]
    texts += [key for listed, *_ in lexicon.KEYS.values() for key in listed]
    for table in (lexicon.STATE_SETS, lexicon.LEVELS, lexicon.SIDES):
        texts += [word for known in table for word in known]
    texts += [*lexicon.NOTES, *lexicon.METHODS, *lexicon.WARNINGS, *lexicon.CHATTER]
    texts += [unit for _, units, _, _ in lexicon.QUANTITIES for unit in units]
    texts += [NONE, "yes", "no", "flat", "heartbeat", "reconnect", "HTTP", *lexicon.MONTHS]
    found = {word for text in texts for word in _split(text)}
    openings = {first for kind in PATTERNS for way in _ways(kind) for first in _openings(way)}
    return tuple(sorted(found | openings))


def _split(text: str) -> list[str]:
    return re.findall("[A-Za-z]+", re.sub(r"[<{]\w+[>}]", " ", text))


def _openings(way: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    """The words that a pattern may begin with, as a sentence does."""
    for part in way:
        for text in part:
            slot = _SLOT.match(text.strip())
            told = [word for words in _FEEDS for word in words.get(slot[1], ())] if slot else [text]
            yield from (_split(word)[0].capitalize() for word in told if _split(word))
        if "" not in part:
            return


WORDS = _words()
