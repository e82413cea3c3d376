"""Any simulated feed: drawing one of any kind in any dialect."""

import random
from typing import Protocol

from sticli.demo.world.access import Access
from sticli.demo.world.logs import Logs
from sticli.demo.world.market import Market
from sticli.demo.world.noise import Noisy
from sticli.demo.world.question import Feed
from sticli.demo.world.sensors import Sensors

__all__ = ["Feed", "Make", "make_feed"]


class Make(Protocol):
    """What makes feeds, as `make_feed` does."""

    def __call__(self, rng: random.Random, *, held_out: bool) -> Feed:
        """A feed whose chance is all drawn from `rng`."""


def make_feed(rng: random.Random, *, held_out: bool) -> Feed:
    """A feed of any kind in any dialect, its seed drawn from `rng`.

    Held out: names and phrasings that training never shows, and often such messages and dialects.
    """
    feed, own = _clean(rng, held_out), random.Random(rng.randrange(2**48))
    rate = own.choice((0.0, 0.0, own.uniform(0, 0.15)))
    return Noisy(feed, own, rate, held_out=held_out) if rate else feed


def _clean(rng: random.Random, held_out: bool) -> Feed:
    seed, choice, varied = rng.randrange(2**48), rng.random(), rng.random() < 0.8
    if choice < 0.48:
        return Market(seed, held_out=held_out, varied=varied)
    if choice < 0.62:
        return Sensors(seed, held_out=held_out)
    if choice < 0.9:
        return Logs(seed, held_out=held_out, varied=varied)
    return Access(seed, held_out=held_out)
