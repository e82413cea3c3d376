"""Names and messages: different, on their side of the split, held-out words never trained."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sticli.demo.world import names
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
from sticli.demo.world.names import is_held_out
from sticli.demo.world.question import WORDS as LISTED

WORDS = frozenset(LISTED)
Draw = Callable[..., list[str]]
CASES: tuple[Callable[[str], str], ...] = (str.lower, str.upper, str.title)


@pytest.mark.parametrize("draw", [names.symbols, names.services, names.sensors, names.paths])
@settings(max_examples=40)
@given(st.integers(0, 2**32), st.booleans(), st.integers(1, 15))
def test_names_are_many_and_on_their_side(
    draw: Draw, seed: int, held_out: bool, count: int
) -> None:
    told = draw(random.Random(seed), count, held_out=held_out)
    assert len({*told}) == len(told) == count
    assert all(is_held_out(name) == held_out for name in told)
    assert told == draw(random.Random(seed), count, held_out=held_out)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.booleans())
def test_suffixes_do_not_change_the_side(seed: int, held_out: bool) -> None:
    rng = random.Random(seed)
    told = names.symbols(rng, 9, held_out=held_out, varied=True)
    told += names.services(rng, 9, held_out=held_out, varied=True)
    assert all(is_held_out(name) == held_out for name in told)


def test_held_out_messages_share_no_word_with_trained_ones() -> None:
    def words(told: tuple[str, ...]) -> set[str]:
        return {word for message in told for word in message.split()}

    assert len(MESSAGES) >= 70
    assert not words(KEPT_MESSAGES) & words(MESSAGES)
    drawn = {
        side: words(tuple(names.messages(random.Random(3), 300, held_out=side)))
        for side in (False, True)
    }
    assert not drawn[True] & drawn[False]


def test_a_spoken_word_is_trainings_and_no_word_that_means_something() -> None:
    rng = random.Random(2)
    told = {names.spoken(rng) for _ in range(4000)}
    kept = {word for said in KEPT_MESSAGES for word in said.split()}
    assert len(told) > 3000
    assert all(name.isalpha() and name.islower() and not is_held_out(name) for name in told)
    assert min(map(len, told)) == 3
    assert not told & WORDS
    assert not told & (kept | {state for states in KEPT_STATE_SETS for state in states})
    assert any(word in name for name in told for word in ("price", "error", "last"))
    assert any(name.startswith("pas") for name in told)  # of "past": a token of that alone


def test_a_word_that_evaluation_keeps_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = names.spoken(random.Random(3))
    monkeypatch.setattr(names, "_TAKEN", names._TAKEN | {first})
    assert names.spoken(random.Random(3)) != first


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_everybody_is_heard(seed: int) -> None:
    told = names.services(random.Random(seed), 6, held_out=False)
    busy = names.busy(random.Random(seed), told)
    assert {*busy} == {*told}
    assert all(1 <= busy.count(name) <= 10 for name in told)


def test_tags_are_of_one_case_and_none_that_evaluation_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(4)
    for _ in range(1000):
        first, second = names.tags(rng, 2)
        assert first != second
        assert any({first, second} == {case(first), case(second)} for case in CASES)
    listed = (*SIDES, *KEPT_SIDES, NOTES, KEPT_NOTES, *LEVELS, *SPELLED_LEVELS, *KEPT_LEVELS)
    assert {word.lower() for words in listed for word in words} <= names._TAKEN_TAGS
    told = names.tags(random.Random(5), 2)
    monkeypatch.setattr(names, "_TAKEN_TAGS", names._TAKEN_TAGS | {told[0].lower()})
    assert names.tags(random.Random(5), 2) != told
