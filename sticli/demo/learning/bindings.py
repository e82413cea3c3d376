"""Which name a field of a line, or an answer to a question, belongs to: where the layer that binds
has to look.
"""

import random
from collections.abc import Sequence
from itertools import groupby

from sticli.demo.learning.roles import OTHER, ROLES, roles
from sticli.demo.learning.sources import MOST, bounded
from sticli.demo.world.dialect import Span
from sticli.demo.world.question import Question, recognise

NAME = ROLES.index("name")

Bound = tuple[int, list[int]]  # a token, and those of the name that it belongs to


def in_line(parts: Sequence[int], rng: random.Random) -> list[Bound]:
    """One token of each field that stands after the name, of a line whose tokens have these roles;
    counted from the first of them.
    """
    name = [at for at, part in enumerate(parts) if part == NAME][-MOST:]
    found = list[Bound]()
    for part, run in groupby(range(len(parts)), key=parts.__getitem__):
        tokens = [*run]
        if name and part not in (OTHER, NAME) and tokens[0] > name[-1]:
            found.append((rng.choice(tokens), name))
    return found


def in_answer(question: Question, tail: Sequence[int], answer: int) -> list[Bound]:
    """The tokens that tell the next one of an answer of so many, if the question names something;
    counted from the first of the tail.
    """
    kind, text = question.kind.removeprefix("unknown_"), f"\n{question.text}"
    try:
        name = recognise(question.text, (kind,)).name
    except (KeyError, ValueError):  # a question of somebody's own
        return []
    spans = [Span("symbol", *found.span()) for found in bounded(name).finditer(text) if name]
    parts = roles(text, tail[:-1], spans[-1:])
    named = [at for at, part in enumerate(parts) if part == NAME][-MOST:]
    return [(len(tail) - 1 + step, named) for step in range(answer)] if named else []
