"""The questions about numbers, answered anew from everything that was told."""

import random
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.demo.world.board import SHARES, Board
from sticli.demo.world.question import Asked
from sticli.demo.world.series import printed
from sticli.demo.world.walk import level

NAMES = ("AAA", "BBB", "CCC", "DDD")
TOLD = st.lists(st.tuples(st.sampled_from(NAMES[:3]), st.integers(1, 500)), max_size=40)


def filled(told: list[tuple[str, int]]) -> Board:
    board = Board(random.Random(1), NAMES, dict.fromkeys(NAMES, 1))
    for number, (name, value) in enumerate(told):
        board.tell(name, f"t{number}", level(value))
    return board


def direction(values: list[int]) -> str:
    moved = values[-1] - values[0]
    return "up" if moved > 0 else "down" if moved else "flat"


def wanted(told: list[tuple[str, int]], asked: Asked) -> str:
    """The answer from the plain list."""
    values = [value for name, value in told if name == asked.name]
    if asked.kind == "last_name":
        return told[-1][0] if told else "none"
    if asked.kind in ("seen", "count"):
        return str(len(values)) if asked.kind == "count" else "yes" if values else "no"
    if not values or (asked.kind == "previous_value" and len(values) == 1):
        return "none"
    if asked.kind == "above":
        return "yes" if max(values) > round(10 * float(asked.value)) else "no"
    if asked.kind in ("trend", "is_up"):
        up = direction(values)
        return up if asked.kind == "trend" else "yes" if up == "up" else "no"
    if asked.kind == "value_time":
        return f"t{max(at for at, (name, _) in enumerate(told) if name == asked.name)}"
    picked = {
        "last_value": values[-1], "previous_value": values[-2:][0], "first_value": values[0],
        "high": max(values), "low": min(values),
        "high_k": max(values[-asked.k:]), "low_k": min(values[-asked.k:]),
    }  # fmt: skip
    return printed(picked[asked.kind], 1)


@settings(max_examples=50)
@given(TOLD, st.sampled_from([kind for kind in SHARES if kind != "moved_most"]))
def test_answers_follow_from_what_was_told(told: list[tuple[str, int]], kind: str) -> None:
    board = filled(told)
    for _ in range(3):
        if asked := board.suggest(kind):
            assert board.answer(asked) == wanted(told, asked)


@settings(max_examples=50)
@given(TOLD)
def test_only_a_single_winner_moved_most(told: list[tuple[str, int]]) -> None:
    board, moves = filled(told), dict[str, Fraction]()
    for name in {name for name, _ in told}:
        values = [value for other, value in told if other == name]
        moves[name] = Fraction(abs(values[-1] - values[0]), values[0])
    asked = board.suggest("moved_most")
    best = [name for name, moved in moves.items() if moved == max(moves.values())]
    if asked is None:
        assert len(moves) < 2 or len(best) > 1
    else:
        assert [board.answer(asked)] == best


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_yes_is_as_likely_as_no(seed: int) -> None:
    rng = random.Random(seed)
    board = filled([(rng.choice(NAMES[:3]), rng.randint(1, 500)) for _ in range(40)])
    for kind in ("above", "seen"):
        asked = [one for _ in range(200) if (one := board.suggest(kind))]
        assert 60 < sum(board.answer(one) == "yes" for one in asked) < 140
