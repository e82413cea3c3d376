"""Ways to print a time that nobody listed, in some of training's feeds: dates, hours and zones put
together, or numbers that go on. What is kept for evaluation is never among them.
"""

import random

from sticli.demo.world.clock import Print, dated

DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%y", "%m-%d-%Y", "%d %b %Y", "%b %d", "%d-%b-%y",
    "%Y.%m.%d", "%a %d %b", "%m/%d", "%a", "%Y%m%d", "%d_%m",
)  # fmt: skip
HOURS = (
    "%H:%M:%S", "%H:%M:%S", "%H.%M.%S", "%H-%M-%S", "%Hh%M", "%I:%M:%S%p", "%I:%M %p",
    "%I.%M%p", "%Hh%Mm%Ss",
)  # fmt: skip
# By themselves the first is kept for evaluation, and the others are taken for prices.
BARE = ("%H:%M", "%H%M", "%H%M%S", "%H.%M")
JOINTS = (" ", " ", "T", "_", "-", ":", " at ")
ZONES = ("Z", " UTC", "+0000", " +0200", "+01:00", " GMT", "h")


def coin(rng: random.Random) -> Print:
    """A way to print times, of milliseconds."""
    if rng.random() < 0.25:
        return _number(rng)
    date = rng.choice(DATES) + rng.choice(JOINTS) if rng.random() < 0.6 else ""
    zone = rng.choice(ZONES) if rng.random() < 0.3 else ""
    return dated(date + rng.choice(HOURS + BARE if date or zone else HOURS) + zone)


def _number(rng: random.Random) -> Print:
    """Time since some start, or since 1970 in units that are neither seconds nor milliseconds."""
    sign, start = rng.choice(("+", "T+", "t")), rng.randrange(10**12)
    kinds: tuple[Print, ...] = (
        lambda ms: f"{ms // 10}",
        lambda ms: f"{ms // 100}",
        lambda ms: f"{ms}{ms % 997:03}",
        lambda ms: f"{sign}{(ms - start) // 1000 % 10**6}",
        lambda ms: f"{sign}{(ms - start) // 1000 % 10**5}.{ms % 1000:03}",
        lambda ms: f"{sign}{(ms - start) // 1000 % 10**5}s",
    )
    return rng.choice(kinds)
