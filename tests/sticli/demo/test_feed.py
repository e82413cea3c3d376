"""The feed for `calibrate`: its truth, recomputed from its printed lines alone."""

import pytest

from sticli.demo.feed import feed
from sticli.demo.world.lexicon import STATES
from sticli.demo.world.names import is_held_out


@pytest.mark.parametrize("seed", range(5))
def test_the_truth_follows_from_the_lines(seed: int) -> None:
    made = feed(seed, 200, 50)
    name = made.question.removeprefix("state of ").removesuffix("?")
    assert is_held_out(name)
    assert 30 < len(made.truth) <= 50
    assert len(made.lines) == 200
    for number, state in made.truth:
        records = [line.split() for line in made.lines[:number]]
        told = [words[2] for words in records if words[1] == name and words[2] in STATES]
        assert told[-1] == state
    assert {state for _, state in made.truth} <= set(made.choices)


def test_a_seed_is_a_feed() -> None:
    assert feed(1, 100, 10) == feed(1, 100, 10)
    assert feed(1, 100, 10).lines != feed(2, 100, 10).lines


def test_more_points_than_lines() -> None:
    numbers = [number for number, _ in feed(3, 20, 100).truth]
    assert numbers == sorted(set(numbers))
