"""Fields that nobody asks about take the place of none, and are taken for none."""

import json
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sticli.demo.world import dialect, extra
from sticli.demo.world.dialect import FORMS
from sticli.demo.world.extra import Extra
from sticli.demo.world.lexicon import KEYS

SEEDS = st.integers(0, 2**32)
SAID = [("time", "10:02:11"), ("service", "auth"), ("level", "ERROR"), ("message", "disk full")]
TICK = [("time", "10:02:11"), ("symbol", "ACME"), ("price", "131.25")]


def made(rng: random.Random, form: str) -> Extra:
    drawn = dialect.draw(rng, held_out=False, forms=(form,))
    while not (found := extra.draw(rng, drawn)):
        pass
    return found[0]


@given(SEEDS, st.sampled_from(FORMS))
def test_it_is_one_more_and_not_after_words(seed: int, form: str) -> None:
    one = made(random.Random(seed), form)
    told = one.put(SAID)
    assert [field for field in told if field[0] != one.role] == SAID
    assert [role for role, _ in told].count(one.role) == 1
    assert told[-1] == SAID[-1]
    assert told[0] == SAID[0]


def test_there_are_none_one_or_two_of_different_keys() -> None:
    rng = random.Random(4)
    drawn = [
        extra.draw(rng, dialect.draw(rng, held_out=False, forms=("json",))) for _ in range(600)
    ]
    assert {len(found) for found in drawn} == {0, 1, 2}
    assert all(len({one.key for one in found}) == len(found) for found in drawn)
    assert all(len({one.role for one in found}) == len(found) for found in drawn)


def test_its_key_is_that_of_no_other_field_kept_ones_too() -> None:
    rng = random.Random(5)
    known = {key for listed in KEYS.values() for keys in listed for key in keys}
    assert not known & {made(rng, "json").key for _ in range(3000)}


def test_where_nothing_names_it_it_is_a_marked_number_or_stands_behind_the_name() -> None:
    rng = random.Random(6)
    for _ in range(300):
        one = made(rng, "plain")
        told = one.put(TICK)
        roles = [role for role, _ in told]
        text = told[roles.index(one.role)][1]
        marked = not text.isalnum() or text.startswith(("seq", "id"))
        assert marked or roles.index("symbol") < roles.index(one.role)


def test_a_number_goes_on_and_may_stand_last() -> None:
    one = Extra(random.Random(1), "extra0", "seq", 9, (), "#", 41)
    assert [one.put(TICK)[-1] for _ in range(2)] == [("extra0", "#42"), ("extra0", "#43")]


@given(SEEDS)
def test_json_stays_json(seed: int) -> None:
    rng = random.Random(seed)
    drawn = dialect.draw(rng, held_out=False, forms=("json",))
    one = made(rng, "json")
    if one.key not in drawn.keys.values():
        drawn = replace(drawn, keys={**drawn.keys, one.role: one.key})
        assert json.loads(drawn.write(one.put(SAID)))[drawn.keys["message"]] == "disk full"
