"""Doors of a greenhouse that open and close: a feed of one's own for `sticli demo train`."""

import random

from sticli.demo.world.question import NONE, Question

DOORS = ("north", "south", "east", "west")
KNOWN, ASKED = "is the {door} door open?", "how many doors are open?"


class Greenhouse:
    """Lines as `door north opened`; all chance is drawn from `rng`, so that a seed repeats."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._open: dict[str, bool] = {}

    def line(self) -> str:
        """The next line."""
        door = self._rng.choice(DOORS)
        self._open[door] = not self._open.get(door, self._rng.random() < 0.5)
        return f"door {door} {'opened' if self._open[door] else 'closed'}"

    def ask(self) -> Question:
        """A question that can be asked now, its kind and its right answer."""
        if self._rng.random() < 0.3:
            return Question("open_doors", ASKED, self.truth(ASKED))
        text = KNOWN.format(door=self._rng.choice(DOORS))
        return Question("door_state", text, self.truth(text))

    def truth(self, text: str) -> str:
        """The right answer now.

        Raises:
            ValueError: nobody asks this here.
        """
        if text == ASKED:
            return str(sum(self._open.values()))
        door = next((door for door in DOORS if text == KNOWN.format(door=door)), None)
        if door is None:
            raise ValueError(f"not a question about doors: {text!r}")
        return {True: "yes", False: "no", None: NONE}[self._open.get(door)]


def feed(rng: random.Random, held_out: bool) -> Greenhouse:
    """What `--feed` looks for; nothing is held out here, as there are no names to invent."""
    return Greenhouse(rng)
