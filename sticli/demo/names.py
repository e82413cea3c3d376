"""Names of symbols and services, and which of them are kept out of training."""

import random
import zlib
from string import ascii_lowercase, ascii_uppercase

SERVICES = (
    "auth", "billing", "cache", "cart", "catalog", "email", "gateway", "ledger", "login", "mailer",
    "media", "orders", "payments", "proxy", "queue", "router", "search", "session", "storage",
    "users", "worker",
)  # fmt: skip


def is_held_out(name: str) -> bool:
    """Whether a made-up name is reserved for evaluation: a fixed fifth of all names."""
    return zlib.crc32(name.lower().encode()) % 5 == 0


def made_up(rng: random.Random, letters: str, *, held_out: bool) -> str:
    """A random name of 3 or 4 letters on the asked side of the split."""
    while True:
        name = "".join(rng.choices(letters, k=rng.choice((3, 4, 4, 4))))
        if is_held_out(name) == held_out:
            return name


def symbols(rng: random.Random, count: int, *, held_out: bool) -> list[str]:
    """`count` different upper-case symbols."""
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        chosen[made_up(rng, ascii_uppercase, held_out=held_out)] = None
    return list(chosen)


def services(rng: random.Random, count: int, *, held_out: bool) -> list[str]:
    """`count` different lower-case services; outside evaluation a third are familiar words."""
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        if not held_out and rng.random() < 0.35:
            chosen[rng.choice(SERVICES)] = None
        else:
            chosen[made_up(rng, ascii_lowercase, held_out=held_out)] = None
    return list(chosen)
