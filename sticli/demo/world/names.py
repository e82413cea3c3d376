"""Names of symbols, services, paths and sensors, and which of them are kept out of training."""

import random
import re
import zlib
from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase

from sticli.demo.world.lexicon import (
    KEPT_LEVELS,
    KEPT_MESSAGES,
    KEPT_NOTES,
    KEPT_SIDES,
    KEPT_STATE_SETS,
    LEVELS,
    MESSAGES,
    NOTES,
    SIDES,
    SPELLED_LEVELS,
)
from sticli.demo.world.question import WORDS

SERVICES = (
    "auth", "billing", "cache", "cart", "catalog", "email", "gateway", "ledger", "login", "mailer",
    "media", "orders", "payments", "proxy", "queue", "router", "search", "session", "storage",
    "users", "worker",
)  # fmt: skip
TICKERS = (
    "AAPL", "AMZN", "BTC", "ETH", "GOOG", "IBM", "INTC", "META", "MSFT", "NFLX", "NVDA", "ORCL",
    "SAP", "SOL", "TSLA", "XRP", "EUR", "GOLD",
)  # fmt: skip
PLACES = (
    "attic", "boiler", "cellar", "door", "engine", "fan", "hall", "kitchen", "motor", "office",
    "outside", "pump", "roof", "tank", "valve", "window",
)  # fmt: skip
FOLDERS = (
    "about", "account", "admin", "api", "cart", "docs", "feed", "health", "help", "home", "images",
    "items", "login", "news", "orders", "search", "static", "users",
)  # fmt: skip
_FAMILIAR = frozenset(word.lower() for word in (*SERVICES, *TICKERS, *PLACES, *FOLDERS))
_TAGS = (*SIDES, *KEPT_SIDES, NOTES, KEPT_NOTES, *LEVELS, *SPELLED_LEVELS, *KEPT_LEVELS)
_TAKEN = frozenset(WORDS).union(
    *(told.split() for told in KEPT_MESSAGES), *(states for states in KEPT_STATE_SETS)
)
_TAKEN_TAGS = {word.lower() for listed in (_TAKEN, *_TAGS) for word in listed}
_STEM = re.compile("[A-Za-z]+")

_SYLLABLE = (
    ("", "b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "l", "m", "n", "p",
     "pl", "qu", "r", "s", "sh", "st", "t", "th", "tr", "v", "w", "wr", "x", "y", "z"),
    ("a", "e", "i", "o", "u", "ai", "ea", "ee", "io", "oo", "ou", "y"),
    ("", "", "", "b", "ck", "ct", "d", "ff", "g", "ld", "ll", "lt", "m", "mp", "n", "nd", "ng",
     "nt", "p", "pt", "r", "rd", "rn", "rt", "s", "ss", "st", "t", "tch", "w", "x", "zz"),
)  # fmt: skip
# Of known words, and how they begin: else the tokens of these never stand in what is copied.
_LONGEST = 6
_PARTS = tuple({
    word[:end]: None for word in WORDS if word.islower() for end in range(3, _LONGEST + 1)
})  # fmt: skip

Draw = Callable[[], str]


def is_held_out(name: str) -> bool:
    """Whether a name is reserved for evaluation: a fixed fifth of all first runs of letters."""
    found = _STEM.search(name)
    stem = found[0].lower() if found else ""
    return stem not in _FAMILIAR and zlib.crc32(stem.encode()) % 5 == 0


def made_up(
    rng: random.Random, letters: str, *, held_out: bool, sizes: tuple[int, ...] = (3, 4, 4, 4)
) -> str:
    """A random word of `letters` on the asked side of the split."""
    return _sided(lambda: "".join(rng.choices(letters, k=rng.choice(sizes))), held_out=held_out)


def spoken(rng: random.Random) -> str:
    """A random word of training's side that could be said: it holds other pairs than chance makes,
    and known words in longer ones.
    """

    def part() -> str:
        known = rng.random() < 0.35
        return rng.choice(_PARTS) if known else "".join(map(rng.choice, _SYLLABLE))

    def draw() -> str:
        return "".join(part() for _ in range(rng.choice((1, 2, 2, 3))))

    found = _sided(draw, held_out=False)
    return spoken(rng) if found in _TAKEN or len(found) < 3 else found


def _sided(draw: Draw, *, held_out: bool) -> str:
    """The first word drawn that is on the asked side of the split, and no familiar one."""
    while True:
        name = draw()
        if is_held_out(name) == held_out and name.lower() not in _FAMILIAR:
            return name


def symbols(rng: random.Random, count: int, *, held_out: bool, varied: bool = False) -> list[str]:
    """`count` different upper-case symbols; varied ones may be long, familiar or suffixed."""

    def plain() -> str:
        return made_up(rng, ascii_uppercase, held_out=held_out)

    def other() -> str:
        known = not held_out and rng.random() < 0.25
        sizes = (3, 4, 4, 5)
        name = (
            rng.choice(TICKERS)
            if known
            else made_up(rng, ascii_uppercase, held_out=held_out, sizes=sizes)
        )
        suffixes = ("-USD", ".L", rng.choice("123456789"))
        return name + (rng.choice(suffixes) if rng.random() < 0.12 else "")

    return _different(count, other if varied else plain)


def services(rng: random.Random, count: int, *, held_out: bool, varied: bool = False) -> list[str]:
    """`count` different lower-case services; outside evaluation half are words."""
    return _lower(rng, count, SERVICES, held_out, varied)


def sensors(rng: random.Random, count: int, *, held_out: bool) -> list[str]:
    """`count` different lower-case names of sensors."""
    return _lower(rng, count, PLACES, held_out, True)


def paths(rng: random.Random, count: int, *, held_out: bool) -> list[str]:
    """`count` different paths of one or two folders, the first folder on the asked side."""

    def draw() -> str:
        first = _lower(rng, 1, FOLDERS, held_out, False)[0]
        return f"/{first}" + (f"/{rng.choice(FOLDERS)}" if rng.random() < 0.4 else "")

    return _different(count, draw)


def messages(rng: random.Random, count: int, *, held_out: bool) -> list[str]:
    """`count` different messages of one to three words; some are made up, as a whole or in part."""

    def word() -> str:
        if not held_out and rng.random() < 0.5:
            return spoken(rng)
        return made_up(rng, ascii_lowercase, held_out=held_out, sizes=(3, 4, 5, 6, 7))

    def draw() -> str:
        choice = rng.random()
        listed: str = rng.choice(KEPT_MESSAGES if held_out else MESSAGES)
        if choice < (0.6 if held_out else 0.35):
            return listed
        if choice < 0.6:
            return " ".join(rng.choice((one, word())) for one in listed.split())
        return " ".join(word() for _ in range(rng.choice((1, 2, 2, 3))))

    return _different(count, draw)


def states(rng: random.Random, count: int) -> tuple[str, ...]:
    """`count` different made-up words of training's side."""
    sizes = (3, 4, 5, 6, 7)

    def draw() -> str:
        if rng.random() < 0.6:
            return spoken(rng)
        return made_up(rng, ascii_lowercase, held_out=False, sizes=sizes)

    return tuple(_different(count, draw))


def tags(rng: random.Random, count: int) -> tuple[str, ...]:
    """`count` different made-up words of one case, as training calls sides, notes and levels that
    are no errors; none is a word of any other use."""
    case: Callable[[str], str] = rng.choice((str.lower, str.upper, str.title))

    def draw() -> str:
        short = made_up(rng, ascii_lowercase, held_out=False, sizes=(2, 3, 3, 4, 5))
        return case(rng.choice((short, spoken(rng))))

    found = tuple(_different(count, draw))
    return tags(rng, count) if any(tag.lower() in _TAKEN_TAGS for tag in found) else found


def busy(rng: random.Random, told: list[str]) -> list[str]:
    """The names, each as often as it comes: in half the feeds alike, else some up to ten times."""
    alike = rng.random() < 0.5
    return [name for name in told for _ in range(1 if alike else round(10 ** rng.random()))]


def _lower(
    rng: random.Random, count: int, familiar: tuple[str, ...], held_out: bool, varied: bool
) -> list[str]:
    def draw() -> str:
        sizes = (3, 4, 5, 6, 8) if varied else (3, 4, 4, 4)
        choice = 1.0 if held_out else rng.random()
        if choice < 0.3:
            name = rng.choice(familiar)
        elif choice < 0.5:
            name = spoken(rng)
        else:
            name = made_up(rng, ascii_lowercase, held_out=held_out, sizes=sizes)
        numbered = varied and rng.random() < 0.2
        return name + (rng.choice(("-", "")) + rng.choice("123456789") if numbered else "")

    return _different(count, draw)


def _different(count: int, draw: Draw) -> list[str]:
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        chosen[draw()] = None
    return list(chosen)
