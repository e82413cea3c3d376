"""A field that nobody asks about takes the place of none, and is taken for none."""

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
    while not (one := extra.draw(rng, drawn)):
        pass
    return one


@given(SEEDS, st.sampled_from(FORMS))
def test_it_is_one_more_and_not_after_words(seed: int, form: str) -> None:
    one = made(random.Random(seed), form)
    told = one.put(SAID)
    assert [field for field in told if field[0] != "extra"] == SAID
    assert [role for role, _ in told].count("extra") == 1
    assert told[-1] == SAID[-1]
    assert told[0] == SAID[0]


def test_its_key_is_that_of_no_other_field_kept_ones_too() -> None:
    rng = random.Random(5)
    known = {key for listed in KEYS.values() for keys in listed for key in keys}
    assert not known & {made(rng, "json").key for _ in range(3000)}


def test_where_nothing_names_it_it_is_a_marked_number() -> None:
    rng = random.Random(6)
    for _ in range(300):
        one = made(rng, "plain")
        assert not one.put(TICK)[min(one.place, 3)][1].isalnum() or one.before in ("seq", "id")


def test_a_number_goes_on_and_may_stand_last() -> None:
    one = Extra(random.Random(1), "seq", 9, (), "#", 41)
    assert [one.put(TICK)[-1] for _ in range(2)] == [("extra", "#42"), ("extra", "#43")]


@given(SEEDS)
def test_json_stays_json(seed: int) -> None:
    rng = random.Random(seed)
    drawn = dialect.draw(rng, held_out=False, forms=("json",))
    one = made(rng, "json")
    if one.key not in drawn.keys.values():
        drawn = replace(drawn, keys={**drawn.keys, "extra": one.key})
        assert json.loads(drawn.write(one.put(SAID)))[drawn.keys["message"]] == "disk full"
